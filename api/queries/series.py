"""KPIs per window, as columns for charts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from api.database import Connection
from api.models import Freshness, TimeSeries
from api.models.kpi import CurrencySeries
from api.queries.freshness import FRESH, as_freshness
from api.queries.kpis import counted_until
from api.ranges import MINUTE, ResolvedRange
from core.kpis import COUNTS, MEASURES, MONEY
from core.tables import KPI_1M, KPI_1M_BY_CURRENCY

HOUR = timedelta(hours=1)
ZERO = Decimal("0.00")
MOST_MINUTES = timedelta(hours=25)
"""The longest range with windows of a minute: a day on which the clock is set back."""

_SUMS = ", ".join(f"sum({measure.name}) AS {measure.name}" for measure in MEASURES)
_COLUMNS = ", ".join(f"array_agg({measure.name}) AS {measure.name}" for measure in MEASURES)
_SERIES = f"""
    WITH fresh AS ({FRESH}),
    counted AS (
        SELECT date_bin(%(step)s, window_start, %(first)s) AS start, currency, {_SUMS}
        FROM {KPI_1M_BY_CURRENCY.name}
        WHERE window_start >= %(start)s AND window_start < %(end)s
        GROUP BY 1, 2
    ),
    columns AS (
        SELECT currency, array_agg(extract(EPOCH FROM start)::bigint) AS starts, {_COLUMNS}
        FROM counted GROUP BY currency
    )
    SELECT * FROM fresh LEFT JOIN columns ON TRUE
"""  # noqa: S608  # names come from the contract


def step_of(resolved: ResolvedRange) -> tuple[timedelta, datetime]:
    """Length of the windows of a range, and the start of the first one.

    Hours are those of the range's time zone. The first one may begin before the range, and contains only
    what is in the range: so the windows add up to the KPIs of the range.
    """
    start, end = resolved.current.start, resolved.current.end
    if end - start <= MOST_MINUTES:
        return MINUTE, start
    local = start.astimezone(ZoneInfo(resolved.time_zone))
    return HOUR, start - timedelta(minutes=local.minute)


async def read_series(
    connection: Connection, resolved: ResolvedRange, limit_s: float, codes: Sequence[str]
) -> TimeSeries:
    """The windows of a range without a gap, from one snapshot; `limit_s` as in `read_freshness`.

    `codes` are the shop's currencies.
    """
    step, first = step_of(resolved)
    starts = _starts(first, resolved.current.end, step)
    cursor = await connection.execute(
        _SERIES,
        {
            "counted_by": KPI_1M.name,
            "start": resolved.current.start,
            "end": resolved.current.end,
            "first": first,
            "step": step,
        },
    )
    rows = await cursor.fetchall()
    found = {row["currency"]: row for row in rows if row["currency"] is not None}
    fresh = as_freshness(rows[0], limit_s)
    seconds = [int(start.timestamp()) for start in starts]
    places = {second: place for place, second in enumerate(seconds)}
    return TimeSeries(
        **dict(fresh),
        range=resolved.as_range(resolved.current),
        step_s=int(step.total_seconds()),
        starts=seconds,
        open_from=_open_from(starts, step, fresh),
        currencies={
            name: _columns(found.get(name), places) for name in dict.fromkeys((*codes, *sorted(found)))
        },
    )


def _starts(first: datetime, end: datetime, step: timedelta) -> list[datetime]:
    count = -((first - end) // step)
    return [first + place * step for place in range(count)]


def _open_from(starts: list[datetime], step: timedelta, fresh: Freshness) -> int | None:
    until = counted_until(fresh)
    running = (start for start in starts if until is None or start + step > until)
    first = next(running, None)
    return None if first is None else int(first.timestamp())


def _columns(row: Mapping[str, Any] | None, places: Mapping[int, int]) -> CurrencySeries:
    """The database's values in their places, zeros elsewhere."""
    columns: dict[str, list[Any]] = {name: [ZERO] * len(places) for name in MONEY}
    columns |= {name: [0] * len(places) for name in COUNTS}
    if row is not None:
        at = [places[second] for second in row["starts"]]
        for name, column in columns.items():
            for place, value in zip(at, row[name], strict=True):
                column[place] = value
    return CurrencySeries(**columns)
