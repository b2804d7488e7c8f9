"""A shop's events as rows of a real database, with the KPIs and the ledger that go with them."""

import random
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from core.currencies import DEFAULT_CURRENCIES
from core.events import EventStatus, EventType
from database.reconcile import recompute
from tests import truth

COUNTED = {measure: EventType(event_type) for event_type, measure in truth.COUNTED.items()}
MONEY = {measure: EventType(event_type) for event_type, measure in truth.MONEY.items()}
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Row:
    """A row of `events_clean`."""

    id: str
    event_time: datetime
    event_type: str = EventType.PAYMENT_SUCCESS
    order_id: str = "ORD1"
    user_id: str = "USR1"
    amount: Decimal = Decimal("10.00")
    currency: str = "USD"
    status: str = EventStatus.SUCCESS
    payment_method: str = ""
    channel: str = ""
    country: str = ""
    failure_reason: str = ""


def random_rows(count: int, first: datetime, last: datetime, seed: int = 1) -> list[Row]:
    """Events of every kind, spread over [first, last), some at the very same time."""
    rng, of_optional = random.Random(seed), random.Random(f"optional {seed}")
    span_s = (last - first).total_seconds()
    rows = [
        Row(
            id=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            event_time=first + timedelta(microseconds=int(rng.random() * span_s * 1e6)),
            event_type=rng.choice(list(EventType)),
            order_id=f"ORD{rng.randrange(count)}",
            user_id=f"USR{rng.randrange(count)}",
            amount=Decimal(rng.randrange(1_000_000)) / 100,
            currency=rng.choice(DEFAULT_CURRENCIES),
            status=rng.choice(list(EventStatus)),
            payment_method=of_optional.choice(("card", "momo", "cod", "")),
            channel=of_optional.choice(("web", "app", "")),
            country=of_optional.choice(("VN", "US")),
            failure_reason=of_optional.choice(("expired_card", "timeout", "")),
        )
        for _ in range(count)
    ]
    shared = rows[0].event_time
    return [replace(row, event_time=shared) if place % 10 == 0 else row for place, row in enumerate(rows)]


def write(connection: psycopg.Connection[Any], rows: Iterable[Row]) -> None:
    """Insert the events, count their minutes, and enter the newest into the ledger of both queries."""
    found = list(rows)
    columns = tuple(asdict(found[0]))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY events_clean ({', '.join(columns)}) FROM STDIN".encode()) as copy,
    ):
        for row in found:
            copy.write_row(tuple(asdict(row).values()))
    times = [row.event_time for row in found]
    recompute(connection, _minute(min(times)), _minute(max(times)) + MINUTE)
    for query in ("events_clean", "kpi_1m"):
        announce(connection, query, max(times))


def announce(connection: psycopg.Connection[Any], query: str, newest: datetime, **columns: Any) -> None:
    """A row of the ledger whose newest event is of `newest`."""
    row = {
        "query_id": uuid.uuid4(),
        "batch_id": 1,
        "query_name": query,
        "offsets_from": "{}",
        "offsets_to": "{}",
        "records_read": 1,
        "records_written": 1,
        "records_duplicate": 0,
        "records_rejected": 0,
        "records_dropped_by_watermark": 0,
        "max_event_time": newest,
        "durations_ms": '{"collect": 100, "write": 20}',
    } | columns
    names, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    connection.execute(f"INSERT INTO ops.stream_batch ({names}) VALUES ({places})".encode(), row)


def recomputed(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """The sums and counts of events by currency, in Python, as the contract defines them (section 2.6)."""
    totals: dict[str, dict[str, Any]] = {
        currency: dict.fromkeys(MONEY, Decimal(0)) | dict.fromkeys(COUNTED, 0)
        for currency in DEFAULT_CURRENCIES
    }
    for row in rows:
        mine = totals[row.currency]
        for name, event_type in COUNTED.items():
            mine[name] += row.event_type == event_type
        for name, event_type in MONEY.items():
            mine[name] += row.amount if row.event_type == event_type else 0
    return totals


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
