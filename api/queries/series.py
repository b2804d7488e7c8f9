"""KPIs window by window, as columns: what a plot takes."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api.database import Connection
from api.models import Freshness, TimeSeries
from api.models.kpi import CurrencySeries
from api.queries.freshness import FRESH, as_freshness
from api.queries.kpis import COUNTS, MONEY, counted_until
from api.ranges import MINUTE, Question
from core.events import Currency
from core.tables import KPI_1M, KPI_1M_BY_CURRENCY

__all__ = ["MOST_MINUTES", "read_series", "step_of"]

HOUR = timedelta(hours=1)
MOST_MINUTES = timedelta(hours=25)
"""The longest range that is shown minute by minute: a day on which the clock is set back."""

_SUMS = ", ".join(f"sum({name}) AS {name}" for name in (*MONEY, *COUNTS))
_COLUMNS = ", ".join(
    [f"array_agg(coalesce({name}, 0.00) ORDER BY start) AS {name}" for name in MONEY]
    + [f"array_agg(coalesce({name}, 0) ORDER BY start) AS {name}" for name in COUNTS]
)
_SERIES = f"""
    WITH fresh AS ({FRESH}),
    counted AS (
        SELECT date_bin(%(step)s, window_start, %(first)s) AS start, currency, {_SUMS}
        FROM {KPI_1M_BY_CURRENCY.name}
        WHERE window_start >= %(start)s AND window_start < %(end)s
        GROUP BY 1, 2
    ),
    currencies AS (
        SELECT unnest(%(currencies)s::text[]) AS currency UNION SELECT currency FROM counted
    ),
    windows AS (SELECT generate_series(%(first)s, %(last)s, %(step)s) AS start),
    columns AS (
        SELECT currency, {_COLUMNS}
        FROM currencies LEFT JOIN windows ON TRUE LEFT JOIN counted USING (start, currency)
        GROUP BY currency
    )
    SELECT * FROM fresh CROSS JOIN columns
"""  # noqa: S608  # names come from the contract


def step_of(question: Question) -> tuple[timedelta, datetime]:
    """Length of the windows of a range, and the start of the first one.

    Hours are those of the question's time zone. The first one may begin before the range, and holds what
    of it is in the range: so the windows add up to the KPIs of the range.
    """
    start, end = question.current.start, question.current.end
    if end - start <= MOST_MINUTES:
        return MINUTE, start
    local = start.astimezone(ZoneInfo(question.time_zone))
    return HOUR, start - timedelta(minutes=local.minute)


async def read_series(connection: Connection, question: Question, limit_s: float) -> TimeSeries:
    """The windows of a range without a gap, of one snapshot; `limit_s` as in `read_freshness`."""
    step, first = step_of(question)
    starts = _starts(first, question.current.end, step)
    cursor = await connection.execute(
        _SERIES,
        {
            "counted_by": KPI_1M.name,
            "start": question.current.start,
            "end": question.current.end,
            "first": first,
            "last": starts[-1] if starts else first - step,
            "step": step,
            "currencies": list(Currency),
        },
    )
    rows = {row["currency"]: row async for row in cursor}
    names = dict.fromkeys((*Currency, *sorted(rows)))
    fresh = as_freshness(next(iter(rows.values())), limit_s)
    return TimeSeries(
        **dict(fresh),
        range=question.as_range(question.current),
        step_s=int(step.total_seconds()),
        starts=[int(start.timestamp()) for start in starts],
        open_from=_open_from(starts, step, fresh),
        currencies={str(name): _columns(rows[name], len(starts)) for name in names},
    )


def _starts(first: datetime, end: datetime, step: timedelta) -> list[datetime]:
    count = -((first - end) // step)
    return [first + place * step for place in range(count)]


def _open_from(starts: list[datetime], step: timedelta, fresh: Freshness) -> int | None:
    until = counted_until(fresh)
    running = (start for start in starts if until is None or start + step > until)
    first = next(running, None)
    return None if first is None else int(first.timestamp())


def _columns(row: dict[str, Any], windows: int) -> CurrencySeries:
    """Without any window (a day that begins this instant) the join has left one row of zeros."""
    return CurrencySeries(**{name: row[name][:windows] for name in (*MONEY, *COUNTS)})
