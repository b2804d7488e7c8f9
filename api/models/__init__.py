"""What the API answers, as types; the OpenAPI document and the dashboard's TypeScript types come from here.

Money is a decimal string with its currency beside it, never a sum over currencies. Times are UTC.
Rates are percentages with two decimals, null where nothing was counted that they could be a share of.
"""

from api.models.common import Freshness, Money, Page, Problem, TimeRange
from api.models.events import Event, EventPage, OrderJourney, RejectedPage, RejectedRecord
from api.models.health import CheckResult, Component, Health, Incident, QueryHealth, RejectReasonCount
from api.models.kpi import CurrencyKpi, Kpi, KpiComparison, KpiReport, TimeSeries, Window
from api.models.live import Beat, EventBatch, HealthSummary, WindowBatch
from api.models.session import About, OperateAnswer, RateRequest

__all__ = [
    "About",
    "Beat",
    "CheckResult",
    "Component",
    "CurrencyKpi",
    "Event",
    "EventBatch",
    "EventPage",
    "Freshness",
    "Health",
    "HealthSummary",
    "Incident",
    "Kpi",
    "KpiComparison",
    "KpiReport",
    "Money",
    "OperateAnswer",
    "OrderJourney",
    "Page",
    "Problem",
    "QueryHealth",
    "RateRequest",
    "RejectReasonCount",
    "RejectedPage",
    "RejectedRecord",
    "TimeRange",
    "TimeSeries",
    "Window",
    "WindowBatch",
]
