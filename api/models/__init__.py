"""The API's responses as types, the source of the OpenAPI document and the dashboard's TypeScript types.

Money is a decimal string with its currency, never a sum over currencies. Times are UTC.
Rates are percentages with two decimals, null if there is nothing to divide by.
"""

from api.models.common import Freshness, Money, Page, Problem, TimeRange
from api.models.events import Event, EventPage, OrderJourney, RejectedPage, RejectedRecord
from api.models.health import (
    CheckResult,
    Component,
    Health,
    Incident,
    LateRecords,
    QueryHealth,
    RejectReasonCount,
)
from api.models.kpi import (
    Breakdown,
    BreakdownValue,
    CurrencyBreakdown,
    CurrencyKpi,
    Kpi,
    KpiComparison,
    KpiReport,
    MoneyKpi,
    TimeSeries,
    Window,
)
from api.models.live import Beat, EventBatch, HealthSummary, WindowBatch
from api.models.session import About, OperateAnswer, RateRequest, ReplayCounts, RunOutcome
