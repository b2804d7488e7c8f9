"""KPIs of a range, and minute by minute."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.conditional import Tagged, conditional, tagged
from api.context import Context, ContextDep
from api.models import KpiReport, TimeSeries
from api.parameters import RangeParameters
from api.queries.kpis import read_kpi
from api.queries.series import read_series
from api.ranges import Question, resolve
from core.clock import utc_now

__all__ = ["router"]

router = APIRouter(tags=["kpi"])

RangeQuery = Annotated[RangeParameters, Query()]
CLOCK = {"as_of": True, "event_time_lag_s": True}
KPI_CLOCK = CLOCK | {"current": {"range"}, "previous": {"range"}}
SERIES_CLOCK = CLOCK | {"range": True}


@router.get("/kpi", response_model=KpiReport, summary="KPIs of a range beside the one before it")
async def get_kpi(request: Request, context: ContextDep, asked: RangeQuery) -> Response:
    """Counts and rates of all currencies together, money by currency, and the same of the time before.

    The range before is like for like: as long, and cut off at the same second. `today` is compared with
    yesterday until the same time of the clock. Send the answer's `ETag` back as `If-None-Match` to get
    a 304 as long as the numbers are the same.
    """
    question = _question(asked)

    async def make() -> Tagged:
        async with context.database.connection() as connection:
            return tagged(await read_kpi(connection, question, _limit_s(context)), KPI_CLOCK)

    return conditional(request, await context.answers.get(("kpi", *_key(asked)), make))


@router.get("/timeseries", response_model=TimeSeries, summary="KPIs window by window")
async def get_timeseries(request: Request, context: ContextDep, asked: RangeQuery) -> Response:
    """Columns for a plot: minutes, or hours of a range over 25 hours, without a gap.

    The windows add up to the KPIs of the same range. Conditional as `/kpi` is.
    """
    question = _question(asked)

    async def make() -> Tagged:
        async with context.database.connection() as connection:
            return tagged(await read_series(connection, question, _limit_s(context)), SERIES_CLOCK)

    return conditional(request, await context.answers.get(("timeseries", *_key(asked)), make))


def _limit_s(context: Context) -> float:
    return context.settings.checks.freshness_limit_s


def _key(asked: RangeParameters) -> tuple[object, ...]:
    """The question as it was put: those who ask the same a moment later get the same answer."""
    return asked.range, asked.tz, asked.from_, asked.to


def _question(asked: RangeParameters) -> Question:
    return resolve(asked.range, now=utc_now(), tz=asked.tz, from_=asked.from_, to=asked.to)
