"""KPIs of a range, and minute by minute."""

from datetime import datetime

from pydantic import Field

from api.models.common import Freshness, Model, Money, Percentage, TimeRange

__all__ = ["CurrencyKpi", "Kpi", "KpiComparison", "KpiReport", "TimeSeries", "Window"]


class Kpi(Model):
    """Counts, and the rates that follow from them."""

    orders_created: int
    payments_initiated: int
    payment_success: int
    payment_failed: int
    orders_cancelled: int
    success_rate: Percentage | None = Field(description="100 * success / (success + failed).")
    created_to_initiated_rate: Percentage | None = Field(description="100 * initiated / created.")
    initiated_to_paid_rate: Percentage | None = Field(description="100 * success / initiated.")
    created_to_paid_rate: Percentage | None = Field(description="100 * success / created.")


class CurrencyKpi(Kpi):
    """The same of one currency, and its money."""

    currency: str = Field(description="ISO 4217.", examples=["VND"])
    revenue: Money = Field(description="Sum of `amount` of payment_success.")
    order_value: Money = Field(description="Sum of `amount` of order_created.")
    average_order_value: Money | None = Field(description="order_value / orders_created.")


class KpiComparison(Model):
    """One range: all currencies together as counts, and each currency."""

    range: TimeRange
    totals: Kpi
    currencies: list[CurrencyKpi] = Field(description="Every currency of the contract, in its order.")


class KpiReport(Freshness):
    """A range beside the one before it, like for like: as long, and cut off at the same second."""

    current: KpiComparison
    previous: KpiComparison


class Window(Model):
    """One window of event time; a minute, or an hour of a long range."""

    start: datetime
    end: datetime
    open: bool = Field(description="Still running: newer events may yet belong to it.")
    totals: Kpi
    currencies: list[CurrencyKpi]


class CurrencySeries(Model):
    """Columns of one currency, each as long as `TimeSeries.starts`."""

    revenue: list[Money]
    order_value: list[Money]
    orders_created: list[int]
    payments_initiated: list[int]
    payment_success: list[int]
    payment_failed: list[int]
    orders_cancelled: list[int]


class TimeSeries(Freshness):
    """Columns by window, oldest first, without a gap: a window without events holds zeros."""

    range: TimeRange
    step_s: int = Field(description="Length of a window in seconds: 60, or 3600 for a range over 25 hours.")
    starts: list[int] = Field(description="Start of each window, seconds since 1970 UTC.")
    open_from: int | None = Field(description="Start of the first window that is still running, if any.")
    currencies: dict[str, CurrencySeries] = Field(description="By currency; counts add up, money does not.")
