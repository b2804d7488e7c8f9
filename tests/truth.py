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


KPIS_QUERY = f"""
    SELECT window_start, currency, {", ".join(field.name for field in fields(Kpi))}
    FROM kpi_1m_by_currency WHERE window_end = window_start + interval '1 minute'
"""
COUNTED = {
    "order_created": "orders_created",
    "payment_initiated": "payments_initiated",
    "payment_success": "payment_success",
    "payment_failed": "payment_failed",
    "order_cancelled": "orders_cancelled",
    "payment_refunded": "payments_refunded",
}
MONEY = {"payment_success": "revenue", "order_created": "order_value", "payment_refunded": "refunded"}


def kpis_of(events: Iterable[Event]) -> dict[tuple[datetime, str], tuple[Any, ...]]:
    """`kpi_1m_by_currency` of distinct accepted events."""
    windows: dict[tuple[datetime, str], Kpi] = {}
    for event in events:
        start = datetime.fromisoformat(event["eventTime"]).astimezone(UTC).replace(second=0, microsecond=0)
        kpi = windows.setdefault((start, event["currency"]), Kpi())
        _add(kpi, COUNTED[event["eventType"]], 1)
        if event["eventType"] in MONEY:
            _add(kpi, MONEY[event["eventType"]], Decimal(str(event["amount"])))
    return {key: astuple(kpi) for key, kpi in windows.items()}


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
    columns = ", ".join(field.column for field in FIELDS)
    found = {row[0]: row for row in connection.execute(f"SELECT {columns} FROM events_clean".encode())}
    wanted = {event["id"]: tuple(_as_stored(event, field.name) for field in FIELDS) for event in events}
    assert found.keys() == wanted.keys()
    assert found == wanted


def _as_stored(event: Event, name: str) -> Any:
    if name == "eventTime":
        return datetime.fromisoformat(event[name])
    return Decimal(str(event[name])) if name == "amount" else event[name]


def check_kpis(connection: Connection, events: Iterable[Event]) -> None:
    """Both KPI tables hold exactly what these events give (invariant I2)."""
    events = list(events)
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
