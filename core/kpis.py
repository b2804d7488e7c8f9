"""Every measure and every rate, once, as data (contract, sections 2.6 to 2.8).

Spark's aggregate, all SQL, the API's models, dbt's views, Dagster's columns, the frontend's types and
docs/reference/kpis.md derive from it; `python -m core.schemas` generates the files among them. Append new ones to
their list. Written by hand on purpose: the recomputation in `tests/truth.py`, and the plain consumer of the benchmark.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from core.events import EventType

Unit = Literal["count", "money", "percentage"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of `kpi_1m_by_currency`: a count of events of one type, or the sum of their amounts.

    `in_kpi_1m`: also a column of `kpi_1m`, over all currencies. `view_column`: its name in the views `v_kpi_*`
    if that is not `total_<name>`.
    """

    name: str
    event_type: EventType
    unit: Literal["count", "money"]
    title: str
    description: str
    in_kpi_1m: bool = False
    more_is_better: bool = True
    view_column: str = ""

    @property
    def total(self) -> str:
        """The column of the views `v_kpi_*`."""
        return self.view_column or f"total_{self.name}"

    def describe(self, *, by_currency: bool) -> str:
        """Description of its column in a table or view, by currency or over all currencies."""
        if self.unit == "count":
            return self.description
        unit = "In units of the currency." if by_currency else "Over all currencies: a checksum, not money."
        return f"{self.description} {unit}"

    @property
    def sql(self) -> str:
        """SQL aggregate over rows of `events_clean`."""
        chosen = f"FILTER (WHERE event_type = '{self.event_type.value}')"
        return f"count(*) {chosen}" if self.unit == "count" else f"coalesce(sum(amount) {chosen}, 0)"


@dataclass(frozen=True, slots=True)
class Rate:
    """A ratio or difference of sums of measures, `part` and the sum of `whole`, with two decimals.

    A percentage and an average are null if the whole is zero; a difference is never null.
    """

    name: str
    kind: Literal["percentage", "average", "difference"]
    part: str
    whole: tuple[str, ...]
    title: str
    description: str
    in_kpi_1m: bool = False
    more_is_better: bool = True

    @property
    def unit(self) -> Unit:
        """Unit of its value."""
        return "percentage" if self.kind == "percentage" else "money"

    @property
    def is_share(self) -> bool:
        """Whether it is between 0 and 100: the part is one of the whole."""
        return self.part in self.whole

    def describe(self) -> str:
        """Description of its column."""
        null = " Null if there is nothing to divide by."
        return self.description if self.kind == "difference" else self.description + null

    def sql(self, column: Callable[[str], str] = str) -> str:
        """SQL expression; `column` returns that of a measure's sum."""
        part, whole = column(self.part), " + ".join(map(column, self.whole))
        match self.kind:
            case "percentage":
                return f"round(100.0 * {part} / nullif({whole}, 0), 2)"
            case "average":
                return f"round({part} / nullif({whole}, 0), 2)"
            case "difference":
                return f"{part} - ({whole})" if len(self.whole) > 1 else f"{part} - {whole}"

    def of(self, sums: Mapping[str, Decimal | int]) -> Decimal | None:
        """Its value, rounded half away from zero as PostgreSQL does."""
        part, whole = Decimal(sums[self.part]), sum(sums[name] for name in self.whole)
        if self.kind == "difference":
            return part - whole
        if not whole:
            return None
        return (part * (100 if self.kind == "percentage" else 1) / whole).quantize(_CENT, ROUND_HALF_UP)


_CENT = Decimal("0.01")

SPANS = {"15m": "the last 15 minutes", "1h": "the last hour", "24h": "the last 24 hours"}
"""Spans of dbt's views, `v_kpi_<span>` and `v_kpi_by_currency_<span>`."""

MEASURES = (
    Measure(
        "revenue",
        EventType.PAYMENT_SUCCESS,
        "money",
        "Revenue",
        "Sum of the amounts of successful payments.",
        in_kpi_1m=True,
    ),
    Measure(
        "orders_created",
        EventType.ORDER_CREATED,
        "count",
        "Orders",
        "Number of orders created.",
        in_kpi_1m=True,
        view_column="total_orders",
    ),
    Measure(
        "payments_initiated",
        EventType.PAYMENT_INITIATED,
        "count",
        "Payments initiated",
        "Number of payments initiated.",
    ),
    Measure(
        "payment_success",
        EventType.PAYMENT_SUCCESS,
        "count",
        "Paid",
        "Number of payments that succeeded.",
        in_kpi_1m=True,
    ),
    Measure(
        "payment_failed",
        EventType.PAYMENT_FAILED,
        "count",
        "Failed payments",
        "Number of payments that failed.",
        in_kpi_1m=True,
        more_is_better=False,
    ),
    Measure(
        "orders_cancelled",
        EventType.ORDER_CANCELLED,
        "count",
        "Cancelled orders",
        "Number of orders cancelled.",
        more_is_better=False,
    ),
    Measure(
        "order_value",
        EventType.ORDER_CREATED,
        "money",
        "Order value",
        "Sum of the amounts of orders created.",
    ),
    Measure(
        "payments_refunded",
        EventType.PAYMENT_REFUNDED,
        "count",
        "Refunds",
        "Number of refunds; several may follow one payment.",
        more_is_better=False,
    ),
    Measure(
        "refunded",
        EventType.PAYMENT_REFUNDED,
        "money",
        "Refunded",
        "Sum of the amounts given back.",
        more_is_better=False,
    ),
)
"""In the order of the columns of both tables."""

RATES = (
    Rate(
        "success_rate",
        "percentage",
        "payment_success",
        ("payment_success", "payment_failed"),
        "Success rate",
        "Payments that succeeded as percent of those that succeeded or failed.",
        in_kpi_1m=True,
    ),
    Rate(
        "created_to_initiated_rate",
        "percentage",
        "payments_initiated",
        ("orders_created",),
        "Created to initiated",
        "Payments initiated as percent of orders created.",
    ),
    Rate(
        "initiated_to_paid_rate",
        "percentage",
        "payment_success",
        ("payments_initiated",),
        "Initiated to paid",
        "Payments that succeeded as percent of payments initiated.",
    ),
    Rate(
        "created_to_paid_rate",
        "percentage",
        "payment_success",
        ("orders_created",),
        "Created to paid",
        "Payments that succeeded as percent of orders created.",
    ),
    Rate(
        "average_order_value",
        "average",
        "order_value",
        ("orders_created",),
        "Average order",
        "Value of the created orders divided by their number.",
    ),
    Rate(
        "net_revenue",
        "difference",
        "revenue",
        ("refunded",),
        "Net revenue",
        "Revenue minus what was given back.",
    ),
)

COUNTS = tuple(measure.name for measure in MEASURES if measure.unit == "count")
"""Counts add up over currencies; money does not."""

MONEY = tuple(measure.name for measure in MEASURES if measure.unit == "money")
COUNT_RATES = tuple(rate for rate in RATES if not {rate.part, *rate.whole} & {*MONEY})
MONEY_RATES = tuple(rate for rate in RATES if rate not in COUNT_RATES)
KPI_1M_MEASURES = tuple(measure.name for measure in MEASURES if measure.in_kpi_1m)
KPI_1M_RATES = tuple(rate.name for rate in RATES if rate.in_kpi_1m)
