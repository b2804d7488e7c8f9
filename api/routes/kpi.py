"""KPIs of a range, and minute by minute."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.context import Context, ContextDep
from api.database import Connection
from api.edge.conditional import Tagged, conditional, tagged
from api.models import Breakdown, KpiReport, TimeSeries
from api.parameters import BreakdownParameters, RangeParameters
from api.queries import breakdown
from api.queries.kpis import read_kpi
from api.queries.series import read_series
from api.ranges import ResolvedRange, resolve
from core.clock import utc_now

router = APIRouter(tags=["kpi"])

RangeQuery = Annotated[RangeParameters, Query()]
Read = Callable[[Connection, ResolvedRange, float, Sequence[str]], Awaitable[BaseModel]]
CLOCK = {"as_of": True, "event_time_lag_s": True}
KPI_CLOCK = CLOCK | {"current": {"range"}, "previous": {"range"}}
SERIES_CLOCK = CLOCK | {"range": True}
BREAKDOWN_CLOCK = SERIES_CLOCK | {"previous_range": True}


@router.get("/kpi", response_model=KpiReport, summary="KPIs of a range and of the previous one")
async def get_kpi(request: Request, context: ContextDep, asked: RangeQuery) -> Response:
    """Counts and rates over all currencies, money by currency, and the same for the previous range.

    The previous range has the same length and is cut off at the same second. `today` is compared with
    yesterday until the same local time. Send the response's `ETag` back as `If-None-Match` to get
    a 304 while the numbers are unchanged.
    """
    return await _answer(request, context, asked, read_kpi, KPI_CLOCK)


@router.get(
    "/kpi/breakdown", response_model=Breakdown, summary="KPIs by payment method, channel, country or reason"
)
async def get_breakdown(
    request: Request, context: ContextDep, asked: Annotated[BreakdownParameters, Query()]
) -> Response:
    """The KPIs of a range and of the previous one by currency and by value of one of the events' optional fields.

    The values add up to `/kpi` of the same range. Conditional like it.
    """
    return await _answer(request, context, asked, breakdown.READ[asked.by], BREAKDOWN_CLOCK)


@router.get("/timeseries", response_model=TimeSeries, summary="KPIs per window")
async def get_timeseries(request: Request, context: ContextDep, asked: RangeQuery) -> Response:
    """Columns for charts: minutes, or hours for a range over 25 hours, without a gap.

    The windows add up to the KPIs of the same range. Conditional like `/kpi`.
    """
    return await _answer(request, context, asked, read_series, SERIES_CLOCK)


async def _answer(
    request: Request, context: Context, asked: RangeParameters, read: Read, clock: Mapping[str, Any]
) -> Response:
    """What `read` finds; those who ask the same a moment later get the same answer."""
    resolved = resolve(asked.range, now=utc_now(), tz=asked.tz, from_=asked.from_, to=asked.to)

    async def make() -> Tagged:
        async with context.database.connection() as connection:
            limit_s = context.settings.checks.freshness_limit_s
            codes = context.settings.shop.currency_codes()
            return tagged(await read(connection, resolved, limit_s, codes), clock)

    return conditional(request, await context.answers.get((read, asked), make))
