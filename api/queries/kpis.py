"""KPIs of a range and of the previous one, and of single windows.

The totals of a named range come from its view `v_kpi_by_currency_*`. Those of any other range, and of all ranges until
dbt has built the views, come from `kpi_1m_by_currency` by the same catalogue. The last minute of the previous range is cut
off at the same second as the running minute of the current range, so it is counted from `events_clean`; if retention has
deleted those events, that part of a minute is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg.errors
from psycopg.rows import DictRow

from api.database import Connection
from api.models import CurrencyKpi, Freshness, Kpi, KpiComparison, KpiReport, Window
from api.queries.freshness import FRESH, as_freshness
from api.ranges import MINUTE, ResolvedRange, resolve
from core.kpis import COUNT_RATES, COUNTS, MEASURES, MONEY, MONEY_RATES, SPANS, Rate
from core.tables import EVENTS_CLEAN, KPI_1M, KPI_1M_BY_CURRENCY

_COLUMNS = ", ".join(measure.name for measure in MEASURES)
_SUMS = ", ".join(f"sum({measure.name}) AS {measure.name}" for measure in MEASURES)
_OF_EVENTS = ", ".join(measure.sql for measure in MEASURES)
_EMPTY: Mapping[str, Any] = dict.fromkeys(MONEY, Decimal("0.00")) | dict.fromkeys(COUNTS, 0)

_CURRENT = f"""
    {_COLUMNS} FROM {KPI_1M_BY_CURRENCY.name} WHERE window_start >= %(start)s AND window_start < %(end)s
"""
_TOTALS = ", ".join(f"{measure.total} AS {measure.name}" for measure in MEASURES)
_VIEWS = {span: f"{_TOTALS} FROM v_kpi_by_currency_{span}" for span in SPANS}
_KPI = f"""
    WITH fresh AS ({FRESH}),
    counted AS (
        SELECT 'current' AS period, currency, {{current}}
        UNION ALL
        SELECT 'previous', currency, {_COLUMNS} FROM {KPI_1M_BY_CURRENCY.name}
        WHERE window_start >= %(previous_start)s AND window_start < %(previous_whole_until)s
        UNION ALL
        SELECT 'previous', currency, {_OF_EVENTS} FROM {EVENTS_CLEAN.name}
        WHERE event_time >= %(previous_whole_until)s AND event_time < %(previous_end)s
        GROUP BY currency
    ),
    totals AS (SELECT period, currency, {_SUMS} FROM counted GROUP BY period, currency)
    SELECT *, now() AS counted_at FROM fresh LEFT JOIN totals ON TRUE
"""  # noqa: S608  # names come from the contract
_NOT_BUILT = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InsufficientPrivilege,
)
_WINDOWS = f"""
    WITH fresh AS ({FRESH}),
    found AS (
        SELECT window_start, currency, {_COLUMNS} FROM {KPI_1M_BY_CURRENCY.name}
        WHERE window_start = ANY(%(starts)s)
    )
    SELECT * FROM fresh LEFT JOIN found ON TRUE
"""  # noqa: S608  # as above


async def read_kpi(
    connection: Connection, resolved: ResolvedRange, limit_s: float, codes: Sequence[str]
) -> KpiReport:
    """The KPIs of a range and of the previous one, from one snapshot; `limit_s` as in `read_freshness`.

    `codes` are the shop's currencies.
    """
    rows: list[DictRow] = []
    if resolved.name in _VIEWS:
        with suppress(*_NOT_BUILT):
            resolved, rows = await _read_view(connection, resolved)
    if not rows:
        rows = await _read(connection, resolved, _CURRENT)

    def compare(period: str, span: Any) -> KpiComparison:
        currencies = _by_currency((row for row in rows if row["period"] == period), codes)
        return KpiComparison(range=resolved.as_range(span), totals=_totals(currencies), currencies=currencies)

    return KpiReport(
        **dict(as_freshness(rows[0], limit_s)),
        current=compare("current", resolved.current),
        previous=compare("previous", resolved.previous),
    )


async def _read_view(connection: Connection, resolved: ResolvedRange) -> tuple[ResolvedRange, list[DictRow]]:
    """The rows of a named range, and the range resolved at the view's time."""
    while True:
        rows = await _read(connection, resolved, _VIEWS[resolved.name])
        asked = resolve(resolved.name, now=rows[0]["counted_at"], tz=resolved.time_zone)
        if asked.current.start == resolved.current.start:
            return resolved, rows
        resolved = asked  # a minute began meanwhile, or the database's clock differs


async def _read(connection: Connection, resolved: ResolvedRange, current: str) -> list[DictRow]:
    limits = {"counted_by": KPI_1M.name, "start": resolved.current.start, "end": resolved.current.end}
    cursor = await connection.execute(
        _KPI.format(current=current).encode(), limits | previous_limits(resolved)
    )
    return await cursor.fetchall()


def previous_limits(resolved: ResolvedRange) -> dict[str, datetime]:
    """Parameters for the previous range; its whole minutes end at `previous_whole_until`."""
    previous = resolved.previous
    return {
        "previous_start": previous.start,
        "previous_whole_until": max(previous.whole_until, previous.start),
        "previous_end": previous.end,
    }


async def read_windows(
    connection: Connection, starts: Sequence[datetime], limit_s: float, codes: Sequence[str]
) -> tuple[Freshness, list[Window]]:
    """The minutes that begin at `starts`, oldest first, and their freshness.

    A minute without a row has zeros.
    """
    cursor = await connection.execute(_WINDOWS, {"counted_by": KPI_1M.name, "starts": list(starts)})
    rows = await cursor.fetchall()
    fresh = as_freshness(rows[0], limit_s)
    until = counted_until(fresh)
    return fresh, [
        _window(start, until, _by_currency((row for row in rows if row["window_start"] == start), codes))
        for start in sorted(set(starts))
    ]


def counted_until(fresh: Freshness) -> datetime | None:
    """Event time up to which the numbers are complete: windows that end later are still open."""
    return None if fresh.newest_event_time is None else min(fresh.as_of, fresh.newest_event_time)


def _window(start: datetime, until: datetime | None, currencies: list[CurrencyKpi]) -> Window:
    end = start + MINUTE
    return Window(
        start=start,
        end=end,
        open=until is None or end > until,
        totals=_totals(currencies),
        currencies=currencies,
    )


def _by_currency(rows: Iterable[Mapping[str, Any]], codes: Sequence[str]) -> list[CurrencyKpi]:
    """The shop's currencies in their order, then any others in the database."""
    found = {row["currency"]: row for row in rows}
    names = dict.fromkeys((*codes, *sorted(found)))
    return [_currency_kpi(name, found.get(name, _EMPTY)) for name in names]


def _currency_kpi(currency: str, row: Mapping[str, Any]) -> CurrencyKpi:
    money = {name: row[name] for name in MONEY} | _rates(MONEY_RATES, row)
    return CurrencyKpi(currency=currency, **money, **_counts(row))


def _totals(currencies: Sequence[CurrencyKpi]) -> Kpi:
    return Kpi(**_counts({name: sum(getattr(each, name) for each in currencies) for name in COUNTS}))


def _counts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Counts and the rates derived from them (contract, section 2.6)."""
    return {name: row[name] for name in COUNTS} | _rates(COUNT_RATES, row)


def _rates(rates: Iterable[Rate], row: Mapping[str, Any]) -> dict[str, Any]:
    return {rate.name: rate.of(row) for rate in rates}
