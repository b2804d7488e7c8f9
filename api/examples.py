"""Complete responses as examples in the OpenAPI document, checked by their types."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel

from api.models import (
    Breakdown,
    BreakdownValue,
    CurrencyBreakdown,
    CurrencyKpi,
    Event,
    EventPage,
    Kpi,
    KpiComparison,
    KpiReport,
    MoneyKpi,
    OrderJourney,
    Problem,
    RejectedPage,
    RejectedRecord,
    TimeRange,
    TimeSeries,
)
from api.models.common import Freshness
from api.models.kpi import CurrencySeries
from core.events import EventStatus, EventType, RejectReason
from core.kpis import COUNT_RATES, COUNTS, MEASURES, RATES

NOW = datetime(2026, 3, 1, 9, 30, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FRESH = dict(
    Freshness(as_of=NOW, newest_event_time=NOW - timedelta(seconds=0.6), event_time_lag_s=0.6, stale=False)
)
SUMS: dict[str, Decimal | int] = {
    "orders_created": 120,
    "payments_initiated": 114,
    "payment_success": 84,
    "payment_failed": 12,
    "orders_cancelled": 5,
    "revenue": Decimal("4830.50"),
    "order_value": Decimal("6900.00"),
}
KPIS = {measure.name: SUMS.get(measure.name, 0) for measure in MEASURES}
COUNTED = {name: KPIS[name] for name in COUNTS} | {rate.name: rate.of(KPIS) for rate in COUNT_RATES}
MONEY_KPI = MoneyKpi(**KPIS, **{rate.name: rate.of(KPIS) for rate in RATES})
USD = CurrencyKpi(currency="USD", **dict(MONEY_KPI))


def _comparison(end: datetime) -> KpiComparison:
    asked = TimeRange(name="1h", start=end - HOUR, end=end, time_zone="UTC")
    return KpiComparison(range=asked, totals=Kpi(**COUNTED), currencies=[USD])


def _event(seconds: int, event_type: EventType, status: EventStatus) -> Event:
    moment = NOW + timedelta(seconds=seconds)
    return Event(
        id=f"7d5f3c1e-0d2b-4a57-9c3e-0f5b8a6f2c{seconds:02d}",
        event_time=moment,
        event_type=event_type,
        order_id="ORD123456",
        user_id="USR1234",
        amount=Decimal("57.50"),
        currency="USD",
        status=status,
        ingest_time=moment + timedelta(seconds=0.4),
        payment_method="card",
        channel="web",
        country="US",
        failure_reason="",
    )


JOURNEY = [
    _event(0, EventType.ORDER_CREATED, EventStatus.PENDING),
    _event(2, EventType.PAYMENT_INITIATED, EventStatus.PENDING),
    _event(9, EventType.PAYMENT_SUCCESS, EventStatus.SUCCESS),
]
PAYLOAD = '{"id": "7d5f3c1e-0d2b-4a57-9c3e-0f5b8a6f2c11", "amount": -4}'

ANSWERS: dict[str, BaseModel] = {
    "KpiReport": KpiReport(**FRESH, current=_comparison(NOW), previous=_comparison(NOW - HOUR)),
    "Breakdown": Breakdown(
        **FRESH,
        by="payment_method",
        share_of="revenue",
        range=_comparison(NOW).range,
        previous_range=_comparison(NOW - HOUR).range,
        currencies=[
            CurrencyBreakdown(
                currency="USD",
                values=[BreakdownValue(value="card", share=100.0, current=MONEY_KPI, previous=MONEY_KPI)],
            )
        ],
    ),
    "TimeSeries": TimeSeries(
        **FRESH,
        range=TimeRange(name="15m", start=NOW - timedelta(minutes=2), end=NOW, time_zone="UTC"),
        step_s=60,
        starts=[int(NOW.timestamp()) - 120, int(NOW.timestamp()) - 60],
        open_from=int(NOW.timestamp()) - 60,
        currencies={
            "USD": CurrencySeries(
                **{measure.name: [0, 0] for measure in MEASURES}
                | {"revenue": [Decimal("80.00"), Decimal("57.50")], "order_value": [Decimal("115.00"), 0]}
                | {"orders_created": [2, 0], "payments_initiated": [2, 1], "payment_success": [1, 1]}
            )
        },
    ),
    "EventPage": EventPage(**FRESH, items=JOURNEY[::-1], next_cursor=None),
    "OrderJourney": OrderJourney(
        **FRESH, order_id="ORD123456", outcome="paid", events=JOURNEY, truncated=False
    ),
    "RejectedPage": RejectedPage(
        **FRESH,
        items=[
            RejectedRecord(
                topic="events_raw",
                partition=0,
                offset=4711,
                kafka_time=NOW,
                reason=RejectReason.AMOUNT_NEGATIVE,
                detail="amount: -4",
                payload=PAYLOAD,
                payload_bytes=len(PAYLOAD),
                payload_truncated=False,
                payload_sha256=None,
                rejected_at=NOW,
                replayed_at=None,
                source=None,
                unmapped_reason=None,
            )
        ],
        next_cursor=None,
    ),
}
"""By the name of the response's schema."""

REQUEST_ID = "4f0c2a9d6f1e4a57a3be2f0d9a6c1b7e"


def _problem(
    status: int, code: str, title: str, detail: str, errors: list[dict[str, str]] | None = None
) -> Problem:
    return Problem(
        title=title,
        code=code,
        status=status,
        detail=detail,
        instance="/api/v1/kpi",
        request_id=REQUEST_ID,
        errors=errors,
    )


PROBLEMS: dict[str, tuple[str, Problem]] = {
    "400": (
        "The body cannot be read.",
        _problem(400, "bad_request", "Bad Request", "There was an error parsing the body"),
    ),
    "401": (
        "A token is required, or the one sent is not accepted.",
        _problem(401, "token_missing", "A token is required", "Send a token as `Authorization: Bearer ...`."),
    ),
    "403": (
        "The token lacks the scope.",
        _problem(
            403, "scope_missing", "The token does not allow this", "The token lacks the scope `operate`."
        ),
    ),
    "404": (
        "There is no such resource.",
        _problem(404, "not_found", "Not found", "There is no event 'x'."),
    ),
    "413": (
        "The body is too long.",
        _problem(413, "content_too_large", "The request is too long", "A body may have up to 65536 bytes."),
    ),
    "415": (
        "The body is not declared as JSON.",
        _problem(415, "not_json", "The request is not JSON", "Send `Content-Type: application/json`."),
    ),
    "422": (
        "Parameters are invalid; the response names all of them.",
        _problem(
            422,
            "invalid_parameters",
            "The parameters are not valid",
            "to: Is needed with range=custom.",
            [{"parameter": "to", "message": "Is needed with range=custom."}],
        ),
    ),
    "500": (
        "The API failed; its log has the request id.",
        _problem(500, "internal_error", "The API failed", "An unexpected error occurred in the API."),
    ),
    "503": (
        "A required service does not respond; `Retry-After` is when to try again.",
        _problem(
            503,
            "database_unavailable",
            "The database is unavailable",
            "The database does not respond; try again.",
        ),
    ),
}
"""Meaning and example of each status."""
