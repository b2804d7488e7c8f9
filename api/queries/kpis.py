"""KPIs of a range beside the one before it, and of single windows.

Whole minutes come from `kpi_1m_by_currency`. The last minute of the previous range is cut off at the
same second as the running one of the current range, so it is counted from `events_clean`; where
retention has deleted those events, that part of a minute is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from api.database import Connection
from api.models import CurrencyKpi, Freshness, Kpi, KpiComparison, KpiReport, Window
from api.queries.freshness import FRESH, as_freshness
from api.ranges import MINUTE, Question
from core.events import Currency
from core.tables import EVENTS_CLEAN, KPI_1M, KPI_1M_BY_CURRENCY

__all__ = ["COUNTS", "MONEY", "counted_until", "read_kpi", "read_windows"]

COUNTS = ("orders_created", "payments_initiated", "payment_success", "payment_failed", "orders_cancelled")
MONEY = ("revenue", "order_value")

_COLUMNS = ", ".join((*MONEY, *COUNTS))
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in (*MONEY, *COUNTS))
_EMPTY: Mapping[str, Any] = dict.fromkeys(MONEY, Decimal("0.00")) | dict.fromkeys(COUNTS, 0)

_KPI = f"""
    WITH fresh AS ({FRESH}),
    counted AS (
        SELECT 'current' AS period, currency, {_COLUMNS} FROM {KPI_1M_BY_CURRENCY.name}
        WHERE window_start >= %(start)s AND window_start < %(end)s
        UNION ALL
        SELECT 'previous', currency, {_COLUMNS} FROM {KPI_1M_BY_CURRENCY.name}
        WHERE window_start >= %(previous_start)s AND window_start < %(previous_whole_until)s
        UNION ALL
        SELECT
            'previous',
            currency,
            CASE event_type WHEN 'payment_success' THEN amount ELSE 0 END,
            CASE event_type WHEN 'order_created' THEN amount ELSE 0 END,
            (event_type = 'order_created')::int,
            (event_type = 'payment_initiated')::int,
            (event_type = 'payment_success')::int,
            (event_type = 'payment_failed')::int,
            (event_type = 'order_cancelled')::int
        FROM {EVENTS_CLEAN.name}
        WHERE event_time >= %(previous_whole_until)s AND event_time < %(previous_end)s
    ),
    totals AS (SELECT period, currency, {_SUMS} FROM counted GROUP BY period, currency)
    SELECT * FROM fresh LEFT JOIN totals ON TRUE
"""  # noqa: S608  # names come from the contract
_WINDOWS = f"""
    WITH fresh AS ({FRESH}),
    found AS (
        SELECT window_start, currency, {_COLUMNS} FROM {KPI_1M_BY_CURRENCY.name}
        WHERE window_start = ANY(%(starts)s)
    )
    SELECT * FROM fresh LEFT JOIN found ON TRUE
"""  # noqa: S608


async def read_kpi(connection: Connection, question: Question, limit_s: float) -> KpiReport:
    """The KPIs of a range and of the one before it, of one snapshot; `limit_s` as in `read_freshness`."""
    current, previous = question.current, question.previous
    cursor = await connection.execute(
        _KPI,
        {
            "counted_by": KPI_1M.name,
            "start": current.start,
            "end": current.end,
            "previous_start": previous.start,
            "previous_whole_until": max(previous.whole_until, previous.start),
            "previous_end": previous.end,
        },
    )
    rows = await cursor.fetchall()

    def compare(period: str, span: Any) -> KpiComparison:
        currencies = _by_currency(row for row in rows if row["period"] == period)
        return KpiComparison(range=question.as_range(span), totals=_totals(currencies), currencies=currencies)

    return KpiReport(
        **dict(as_freshness(rows[0], limit_s)),
        current=compare("current", current),
        previous=compare("previous", previous),
    )


async def read_windows(
    connection: Connection, starts: Sequence[datetime], limit_s: float
) -> tuple[Freshness, list[Window]]:
    """The minutes that begin at `starts`, the oldest first, and how fresh they are.

    A minute without a row holds zeros.
    """
    cursor = await connection.execute(_WINDOWS, {"counted_by": KPI_1M.name, "starts": list(starts)})
    rows = await cursor.fetchall()
    fresh = as_freshness(rows[0], limit_s)
    until = counted_until(fresh)
    return fresh, [
        _window(start, until, [row for row in rows if row["window_start"] == start])
        for start in sorted(set(starts))
    ]


def counted_until(fresh: Freshness) -> datetime | None:
    """Up to which event time the numbers are known: windows that end later are still running."""
    return None if fresh.newest_event_time is None else min(fresh.as_of, fresh.newest_event_time)


def _window(start: datetime, until: datetime | None, rows: Iterable[Mapping[str, Any]]) -> Window:
    end, currencies = start + MINUTE, _by_currency(rows)
    return Window(
        start=start,
        end=end,
        open=until is None or end > until,
        totals=_totals(currencies),
        currencies=currencies,
    )


def _by_currency(rows: Iterable[Mapping[str, Any]]) -> list[CurrencyKpi]:
    """The currencies of the contract in its order, then any other that the database knows."""
    found = {row["currency"]: row for row in rows}
    names = dict.fromkeys((*Currency, *sorted(found)))
    return [_currency_kpi(str(name), found.get(name, _EMPTY)) for name in names]


def _currency_kpi(currency: str, row: Mapping[str, Any]) -> CurrencyKpi:
    created, order_value = row["orders_created"], row["order_value"]
    return CurrencyKpi(
        currency=currency,
        revenue=row["revenue"],
        order_value=order_value,
        average_order_value=_rounded(order_value / created) if created else None,
        **_counts(row),
    )


def _totals(currencies: Sequence[CurrencyKpi]) -> Kpi:
    return Kpi(**_counts({name: sum(getattr(each, name) for each in currencies) for name in COUNTS}))


def _counts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Counts and the rates that follow from them (contract, section 2.6)."""
    created, initiated = row["orders_created"], row["payments_initiated"]
    paid, failed = row["payment_success"], row["payment_failed"]
    return {name: row[name] for name in COUNTS} | {
        "success_rate": _percentage(paid, paid + failed),
        "created_to_initiated_rate": _percentage(initiated, created),
        "initiated_to_paid_rate": _percentage(paid, initiated),
        "created_to_paid_rate": _percentage(paid, created),
    }


def _percentage(part: int, whole: int) -> float | None:
    return float(_rounded(Decimal(100 * part) / whole)) if whole else None


def _rounded(value: Decimal) -> Decimal:
    """Two decimals, half away from zero, as PostgreSQL's `round` has it."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
