"""KPIs of a range and of the previous one, broken down by an optional field of the events.

They are summed from `kpi_1m_detail`; as in `kpis`, the minute that the previous range cuts off is counted from `events_clean`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any, get_args

from psycopg.rows import DictRow

from api.database import Connection
from api.models import Breakdown, BreakdownValue, CurrencyBreakdown, MoneyKpi
from api.models.common import DimensionName
from api.queries.freshness import FRESH, as_freshness
from api.queries.kpis import previous_limits
from api.ranges import ResolvedRange
from core.kpis import MEASURES, RATES
from core.tables import EVENTS_CLEAN, KPI_1M, KPI_1M_DETAIL

MAX_VALUES = 50
"""Values of a currency that are listed; all others are summed up in one row."""

_SUMS = ", ".join(f"sum({measure.name}) AS {measure.name}" for measure in MEASURES)
_OF_EVENTS = ", ".join(f"{measure.sql} AS {measure.name}" for measure in MEASURES)
_BREAKDOWN = f"""
    WITH fresh AS ({FRESH}),
    counted AS (
        SELECT 'current' AS period, currency, {{by}} AS value, {_SUMS} FROM {KPI_1M_DETAIL.name}
        WHERE window_start >= %(start)s AND window_start < %(end)s
        GROUP BY currency, {{by}}
        UNION ALL
        SELECT 'previous', currency, {{by}}, {_SUMS} FROM {KPI_1M_DETAIL.name}
        WHERE window_start >= %(previous_start)s AND window_start < %(previous_whole_until)s
        GROUP BY currency, {{by}}
        UNION ALL
        SELECT 'previous', currency, {{by}}, {_OF_EVENTS} FROM {EVENTS_CLEAN.name}
        WHERE event_time >= %(previous_whole_until)s AND event_time < %(previous_end)s
        GROUP BY currency, {{by}}
    ),
    totals AS (SELECT period, currency, value, {_SUMS} FROM counted GROUP BY period, currency, value)
    SELECT * FROM fresh LEFT JOIN totals ON TRUE
"""  # noqa: S608  # names come from the contract

Sums = dict[str, Any]
"""The measures' sums."""

_EMPTY: Sums = {measure.name: Decimal(0) if measure.unit == "money" else 0 for measure in MEASURES}


async def read_breakdown(
    by: DimensionName,
    connection: Connection,
    resolved: ResolvedRange,
    limit_s: float,
    codes: Sequence[str],
) -> Breakdown:
    """The KPIs by currency and value, from one snapshot; `limit_s` and `codes` as in `kpis.read_kpi`."""
    limits = {"counted_by": KPI_1M.name, "start": resolved.current.start, "end": resolved.current.end}
    cursor = await connection.execute(_BREAKDOWN.format(by=by).encode(), limits | previous_limits(resolved))
    rows = await cursor.fetchall()
    found = [row for row in rows if row["currency"] is not None]
    share_of = "payment_failed" if by == "failure_reason" else "revenue"
    return Breakdown(
        **dict(as_freshness(rows[0], limit_s)),
        by=by,
        share_of=share_of,
        range=resolved.as_range(resolved.current),
        previous_range=resolved.as_range(resolved.previous),
        currencies=[
            CurrencyBreakdown(currency=code, values=_values(found, code, share_of))
            for code in dict.fromkeys((*codes, *sorted({row["currency"] for row in found})))
        ],
    )


READ: Mapping[str, Callable[..., Awaitable[Breakdown]]] = {
    name: partial(read_breakdown, name) for name in get_args(DimensionName)
}
"""By the field: what reads its breakdown."""


def _values(rows: Iterable[DictRow], currency: str, share_of: str) -> list[BreakdownValue]:
    """The values that occur in either range, the largest first."""
    sums: dict[str, dict[str, Sums]] = {"current": {}, "previous": {}}
    for row in rows:
        if row["currency"] == currency:
            sums[row["period"]][row["value"]] = row
    current, previous = sums["current"], sums["previous"]

    def size(value: str) -> tuple[Any, ...]:
        return (*(-each.get(value, _EMPTY)[share_of] for each in (current, previous)), value)

    ordered = sorted({*current, *previous}, key=size)
    whole = sum((each[share_of] for each in current.values()), Decimal(0))
    groups: list[tuple[str | None, list[str]]] = [(value, [value]) for value in ordered[:MAX_VALUES]]
    if others := ordered[MAX_VALUES:]:
        groups.append((None, others))
    return [_value(name, members, current, previous, share_of, whole) for name, members in groups]


def _value(
    name: str | None,
    members: list[str],
    current: Mapping[str, Sums],
    previous: Mapping[str, Sums],
    share_of: str,
    whole: Decimal,
) -> BreakdownValue:
    now, before = (_summed(each.get(member, _EMPTY) for member in members) for each in (current, previous))
    share = (Decimal(100) * now[share_of] / whole).quantize(Decimal("0.01"), ROUND_HALF_UP) if whole else None
    return BreakdownValue(value=name, share=share, current=_kpi(now), previous=_kpi(before))


def _summed(rows: Iterable[Mapping[str, Any]]) -> Sums:
    found = list(rows)
    return {name: sum((row[name] for row in found), zero) for name, zero in _EMPTY.items()}


def _kpi(sums: Sums) -> MoneyKpi:
    return MoneyKpi(**sums, **{rate.name: rate.of(sums) for rate in RATES})
