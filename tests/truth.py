"""What the tables must hold, worked out in Python from the events that were sent, and what they do hold."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg

from core.events import FIELDS
from database.reconcile import differing_windows

Connection = psycopg.Connection[Any]
Event = dict[str, Any]
"""An event as its JSON says it; `eventTime` ends in `Z`."""

TOTALS_QUERY = """
    SELECT window_start, revenue, orders_created, payment_success, payment_failed, success_rate
    FROM kpi_1m WHERE window_end = window_start + interval '1 minute'
"""
LEDGER_QUERY = """
    SELECT sum(records_read)::int, sum(records_written)::int, sum(records_duplicate)::int,
        sum(records_rejected)::int, sum(records_dropped_by_watermark)::int
    FROM ops.stream_batch WHERE query_name = %s
"""
GAPS_QUERY = """
    SELECT query_name, batch_id FROM (
        SELECT query_name, batch_id, offsets_from,
            lag(offsets_to) OVER (PARTITION BY query_id ORDER BY batch_id) AS previous
        FROM ops.stream_batch
    ) AS batches WHERE previous IS NOT NULL AND offsets_from <> previous
"""


@dataclass
class Kpi:
    """One window of one currency."""

    revenue: Decimal = Decimal(0)
    order_value: Decimal = Decimal(0)
    orders_created: int = 0
    payments_initiated: int = 0
    payment_success: int = 0
    payment_failed: int = 0
    orders_cancelled: int = 0
    payments_refunded: int = 0
    refunded: Decimal = Decimal(0)


_MEASURES = ", ".join(field.name for field in fields(Kpi))
KPIS_QUERY = f"""
    SELECT window_start, currency, {_MEASURES}
    FROM kpi_1m_by_currency WHERE window_end = window_start + interval '1 minute'
"""
DETAIL_QUERY = f"""
    SELECT window_start, currency, payment_method, channel, country, failure_reason, {_MEASURES} FROM kpi_1m_detail
"""
OPTIONAL = {
    "paymentMethod": "payment_method",
    "channel": "channel",
    "country": "country",
    "failureReason": "failure_reason",
}
"""The optional fields and their columns (contract, section 1)."""
COUNTED = {
    "order_created": "orders_created",
    "payment_initiated": "payments_initiated",
    "payment_success": "payment_success",
    "payment_failed": "payment_failed",
    "order_cancelled": "orders_cancelled",
    "payment_refunded": "payments_refunded",
}
MONEY = {"payment_success": "revenue", "order_created": "order_value", "payment_refunded": "refunded"}


def optional_of(event: Event, name: str) -> str:
    """The stored value of an optional field."""
    value = event.get(name)
    if not isinstance(value, str):
        return ""
    text = value.strip(" \t\n\r\f\v")
    if not 1 <= len(text) <= 30 or any(
        not (each.isascii() and each.isalnum()) and each not in "_-." for each in text
    ):
        return ""
    return text.upper() if name == "country" else text.lower()


def detail_of(events: Iterable[Event]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """`kpi_1m_detail` of distinct accepted events."""
    windows: dict[tuple[Any, ...], Kpi] = {}
    for event in events:
        start = datetime.fromisoformat(event["eventTime"]).astimezone(UTC).replace(second=0, microsecond=0)
        key = (start, event["currency"], *(optional_of(event, name) for name in OPTIONAL))
        kpi = windows.setdefault(key, Kpi())
        _add(kpi, COUNTED[event["eventType"]], 1)
        if event["eventType"] in MONEY:
            _add(kpi, MONEY[event["eventType"]], Decimal(str(event["amount"])))
    return {key: astuple(kpi) for key, kpi in windows.items()}


def kpis_of(events: Iterable[Event]) -> dict[tuple[datetime, str], tuple[Any, ...]]:
    """`kpi_1m_by_currency` of distinct accepted events."""
    alike = ({name: value for name, value in event.items() if name not in OPTIONAL} for event in events)
    return {(key[0], key[1]): row for key, row in detail_of(alike).items()}


def totals_of(events: Iterable[Event]) -> dict[datetime, tuple[Any, ...]]:
    """`kpi_1m` of distinct accepted events."""
    windows: dict[datetime, Kpi] = {}
    for (start, _), row in kpis_of(events).items():
        total, kpi = windows.setdefault(start, Kpi()), Kpi(*row)
        for name in ("revenue", "orders_created", "payment_success", "payment_failed"):
            _add(total, name, getattr(kpi, name))
    return {
        start: (
            kpi.revenue,
            kpi.orders_created,
            kpi.payment_success,
            kpi.payment_failed,
            rates_of(vars(kpi))["success_rate"],
        )
        for start, kpi in windows.items()
    }


def _add(kpi: Kpi, name: str, value: Decimal | int) -> None:
    setattr(kpi, name, getattr(kpi, name) + value)


def rates_of(sums: Mapping[str, Any]) -> dict[str, Decimal | None]:
    """The rates that follow from sums of measures."""
    created, initiated, paid = sums["orders_created"], sums["payments_initiated"], sums["payment_success"]
    return {
        "success_rate": _divided(100 * paid, paid + sums["payment_failed"]),
        "created_to_initiated_rate": _divided(100 * initiated, created),
        "initiated_to_paid_rate": _divided(100 * paid, initiated),
        "created_to_paid_rate": _divided(100 * paid, created),
        "average_order_value": _divided(sums["order_value"], created),
        "net_revenue": sums["revenue"] - sums["refunded"],
    }


def _divided(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP) if whole else None


def check_events(connection: Connection, events: Iterable[Event]) -> None:
    """`events_clean` holds exactly these events, value for value."""
    columns = ", ".join([*(field.column for field in FIELDS), *OPTIONAL.values()])
    names = [*(field.name for field in FIELDS), *OPTIONAL]
    found = {row[0]: row for row in connection.execute(f"SELECT {columns} FROM events_clean".encode())}
    wanted = {event["id"]: tuple(_as_stored(event, name) for name in names) for event in events}
    assert found.keys() == wanted.keys()
    assert found == wanted


def _as_stored(event: Event, name: str) -> Any:
    if name in OPTIONAL:
        return optional_of(event, name)
    if name == "eventTime":
        return datetime.fromisoformat(event[name])
    return Decimal(str(event[name])) if name == "amount" else event[name]


def check_kpis(connection: Connection, events: Iterable[Event]) -> None:
    """The KPI tables hold exactly what these events give (invariant I2)."""
    events = list(events)
    detail = {tuple(row[:6]): tuple(row[6:]) for row in connection.execute(DETAIL_QUERY)}
    assert detail == detail_of(events)
    by_currency = {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(KPIS_QUERY)}
    assert by_currency == kpis_of(events)
    totals = {row[0]: tuple(row[1:]) for row in connection.execute(TOTALS_QUERY)}
    assert totals == totals_of(events)
    assert all_differing_windows(connection) == []


def all_differing_windows(connection: Connection) -> list[datetime]:
    """Windows whose KPIs are not what `events_clean` gives, of all time."""
    year = timedelta(days=365)
    return differing_windows(connection, datetime.now(UTC) - year, datetime.now(UTC) + year)


@dataclass(frozen=True)
class Ledger:
    """Sums over a query's rows of `ops.stream_batch`."""

    read: int
    written: int
    duplicate: int
    rejected: int
    dropped: int


def ledger(connection: Connection, query_name: str) -> Ledger:
    """What the query says it did with all it read."""
    row = connection.execute(LEDGER_QUERY, (query_name,)).fetchone()
    assert row is not None, "an aggregate has a row"
    return Ledger(*(count or 0 for count in row))


def check_ledger(connection: Connection, records: int) -> None:
    """Each query read `records`, every record is accounted for once, and the tables agree (I1, I3)."""
    for name in ("events_clean", "kpi_1m"):
        sums = ledger(connection, name)
        assert sums.read == records, (name, sums)
        assert sums.read == sums.written + sums.duplicate + sums.rejected + sums.dropped, (name, sums)
    assert connection.execute(GAPS_QUERY).fetchall() == []
    check_tables_agree(connection)


def check_tables_agree(connection: Connection) -> None:
    """As many rows as the ledger says were written and rejected."""
    sums = ledger(connection, "events_clean")
    assert _count(connection, "SELECT count(*) FROM events_clean") == sums.written
    assert _count(connection, "SELECT count(*) FROM ops.events_rejected") == sums.rejected


def _count(connection: Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0
