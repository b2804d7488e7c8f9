"""KPIs of a range, and minute by minute."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field, create_model

from api.models.common import DimensionName, Freshness, Model, Money, Percentage, TimeRange
from core.kpis import COUNT_RATES, COUNTS, MEASURES, MONEY, MONEY_RATES, Measure, Rate


def _described(kpi: Measure | Rate) -> tuple[Any, Any]:
    kinds: dict[str, Any] = {"count": int, "money": Money, "percentage": Percentage}
    optional = isinstance(kpi, Rate) and kpi.kind != "difference"
    return kinds[kpi.unit] | None if optional else kinds[kpi.unit], Field(
        description=kpi.describe() if isinstance(kpi, Rate) else kpi.description
    )


def _with(base: type[Model], measures: Sequence[str], rates: Sequence[Rate] = ()) -> type[Model]:
    """`base` with the KPIs of the catalogue (`core.kpis`) as fields."""
    kpis: tuple[Measure | Rate, ...] = (
        *(measure for measure in MEASURES if measure.name in measures),
        *rates,
    )
    fields: dict[str, Any] = {kpi.name: _described(kpi) for kpi in kpis}
    return create_model(base.__name__, __base__=base, **fields)


class Kpi(_with(Model, COUNTS, COUNT_RATES)):  # type: ignore[misc]  # its fields come from the catalogue
    """Counts, and the rates derived from them."""


class MoneyKpi(_with(Kpi, MONEY, MONEY_RATES)):  # type: ignore[misc]  # as above
    """The same for one currency, and its money."""


class CurrencyKpi(MoneyKpi):
    """The same, with the currency."""

    currency: str = Field(description="ISO 4217.", examples=["VND"])


class KpiComparison(Model):
    """One range: counts over all currencies, and each currency."""

    range: TimeRange
    totals: Kpi
    currencies: list[CurrencyKpi] = Field(description="Every currency of the contract, in its order.")


class KpiReport(Freshness):
    """A range and the previous one, which has the same length and is cut off at the same second."""

    current: KpiComparison
    previous: KpiComparison


class BreakdownValue(Model):
    """One value of the field."""

    value: str | None = Field(
        description="Empty: unknown. Null: all values that are not listed, together.", examples=["card"]
    )
    share: Percentage | None = Field(
        description="Share of the currency's `share_of`; null if that is zero.", examples=[41.5]
    )
    current: MoneyKpi
    previous: MoneyKpi


class CurrencyBreakdown(Model):
    """The values of one currency."""

    currency: str = Field(description="ISO 4217.", examples=["VND"])
    values: list[BreakdownValue] = Field(
        description="Those that occur in either range, the largest `share_of` first; at most 50 and the sum of the others."
    )


class Breakdown(Freshness):
    """A range and the previous one, broken down by an optional field of the events."""

    by: DimensionName
    share_of: str = Field(
        description="The measure that `share` divides: `payment_failed` for failure reasons, else `revenue`.",
        examples=["revenue"],
    )
    range: TimeRange
    previous_range: TimeRange
    currencies: list[CurrencyBreakdown] = Field(description="As in `/kpi`.")


class Window(Model):
    """One window of event time; a minute, or an hour of a long range."""

    start: datetime
    end: datetime
    open: bool = Field(description="Still open: it may get more events.")
    totals: Kpi
    currencies: list[CurrencyKpi]


_COLUMNS: dict[str, Any] = dict.fromkeys(MONEY, list[Money]) | dict.fromkeys(COUNTS, list[int])


class CurrencySeries(create_model("CurrencySeries", __base__=Model, **_COLUMNS)):  # type: ignore[misc]  # as above
    """Columns of one currency, each as long as `TimeSeries.starts`."""


class TimeSeries(Freshness):
    """Columns by window, oldest first, without a gap: a window without events has zeros."""

    range: TimeRange
    step_s: int = Field(description="Length of a window in seconds: 60, or 3600 for a range over 25 hours.")
    starts: list[int] = Field(description="Start of each window, seconds since 1970 UTC.")
    open_from: int | None = Field(description="Start of the first open window, if any.")
    currencies: dict[str, CurrencySeries] = Field(description="By currency; counts add up, money does not.")
