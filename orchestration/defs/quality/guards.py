"""Mistakes of producers in events that are each valid: reused ids, wrong amounts, duplicate payments.

The data is read once for the four checks: a quarter of an hour of events by their index, a day of KPIs, the ledger.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from control.rejects import LEAST_RECORDS
from control.words import count
from core.settings import CheckSettings
from orchestration.defs.quality.verdict import Verdict, failed, passed

LEAST_ORDERS = 100
"""With fewer orders no usual amount is known."""

BASELINE = timedelta(hours=24)

LIST_REPEATED = (
    "SELECT order_id, currency, amount, array_agg(id) FROM events_clean WHERE event_type = 'payment_success' "
    "AND event_time > now() - interval '{minutes} minutes' GROUP BY 1, 2, 3 HAVING count(*) > 1"
)

DUPLICATES_DESCRIPTION = (
    "At most ORDERPULSE_CHECKS__DIFFERING_SHARE of the duplicates in the last ORDERPULSE_CHECKS__GUARD_MINUTES "
    "differ in content from the stored event. If it fails: a producer uses one id for several events, and all "
    "but the first are lost. Ask the producer for a separate id for each event (docs/events.md)."
)
IDS_DESCRIPTION = (
    "At most ORDERPULSE_CHECKS__ORDER_ID_SHARE of the events in the last ORDERPULSE_CHECKS__GUARD_MINUTES use "
    "their order's id as event id. If it fails: only the first event of such an order counts. Ask the producer "
    "for a separate id for each event (docs/events.md)."
)
PAYMENTS_DESCRIPTION = (
    "At most ORDERPULSE_CHECKS__DOUBLE_PAYMENT_SHARE of the payments in the last "
    "ORDERPULSE_CHECKS__GUARD_MINUTES repeat the order, currency and amount of another. If it fails: customers "
    "are charged twice, or a producer sends one payment under two ids and revenue is too high. The result "
    "contains an SQL statement that lists them."
)
AMOUNTS_DESCRIPTION = (
    "At most ORDERPULSE_CHECKS__UNUSUAL_AMOUNT_SHARE of the amounts in the last "
    "ORDERPULSE_CHECKS__GUARD_MINUTES are ORDERPULSE_CHECKS__UNUSUAL_AMOUNT_FACTOR times the usual order of "
    "their currency in the previous 24 hours, or less than that fraction of it. If it fails: a producer sends "
    "cents instead of dollars, or divides amounts of a currency without cents. Ask the producer for amounts in "
    "units of the currency (docs/events.md)."
)

_DUPLICATES = """
    SELECT coalesce(sum(records_duplicate), 0)::bigint AS duplicates,
        coalesce(sum(records_differing), 0)::bigint AS differing
    FROM ops.stream_batch WHERE query_name = 'events_clean' AND committed_at > %(since)s
"""
_AMOUNTS = """
    WITH usual AS (
        SELECT currency, percentile_cont(0.5) WITHIN GROUP (ORDER BY order_value / orders_created)::numeric AS amount
        FROM kpi_1m_by_currency
        WHERE window_start >= %(baseline)s AND window_start < %(since)s AND orders_created > 0
        GROUP BY currency HAVING sum(orders_created) >= %(least_orders)s
    )
    SELECT currency, usual.amount AS usual, count(*) AS events,
        count(*) FILTER (WHERE recent.id = recent.order_id) AS order_ids,
        count(*) FILTER (WHERE recent.amount >= usual.amount * %(factor)s) AS large,
        count(*) FILTER (WHERE recent.amount > 0 AND recent.amount <= usual.amount / %(factor)s) AS small
    FROM events_clean AS recent LEFT JOIN usual USING (currency)
    WHERE recent.event_time > %(since)s GROUP BY currency, usual.amount ORDER BY currency
"""
_PAYMENTS = """
    SELECT coalesce(sum(times), 0)::bigint AS payments, coalesce(sum(times - 1), 0)::bigint AS repeated FROM (
        SELECT count(*) AS times FROM events_clean
        WHERE event_time > %(since)s AND event_type = 'payment_success' GROUP BY order_id, currency, amount
    ) AS paid
"""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Events of one currency; `usual` is the usual value of an order, None if there are too few orders."""

    currency: str
    usual: float | None
    events: int
    large: int
    small: int


@dataclass(frozen=True, slots=True)
class Guards:
    """Counts of the last minutes: duplicates and those that differ, payments and those that repeat one, events."""

    duplicates: int
    differing: int
    payments: int
    repeated: int
    order_ids: int
    amounts: tuple[Amounts, ...]

    @property
    def events(self) -> int:
        """Events of all currencies."""
        return sum(each.events for each in self.amounts)


def read_guards(connection: psycopg.Connection[Any], now: datetime, limits: CheckSettings) -> Guards:
    """What the guards judge, at `now`."""
    since = now - timedelta(minutes=limits.guard_minutes)
    values = {
        "since": since,
        "baseline": since - BASELINE,
        "factor": limits.unusual_amount_factor,
        "least_orders": LEAST_ORDERS,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        duplicates = cursor.execute(_DUPLICATES, values).fetchall()[0]
        payments = cursor.execute(_PAYMENTS, values).fetchall()[0]
        amounts = cursor.execute(_AMOUNTS, values).fetchall()
    order_ids = sum(row.pop("order_ids") for row in amounts)
    usual = [row | {"usual": None if row["usual"] is None else float(row["usual"])} for row in amounts]
    return Guards(
        **duplicates, **payments, order_ids=order_ids, amounts=tuple(Amounts(**row) for row in usual)
    )


def evaluate_duplicates(guards: Guards, limits: CheckSettings) -> Verdict:
    """Judge duplicates by their content."""
    summary = f"{guards.differing:,} of {count(guards.duplicates, 'duplicates')} in {limits.guard_minutes} minutes differ from the stored event"
    advice = (
        "Events arrived with an id already in use, and are lost. Ask the producer for a separate id for each "
        "event, such as a UUID, not that of its order or payment (docs/events.md)."
    )
    return _judged(summary, advice, guards.differing, guards.duplicates, limits.differing_share)


def evaluate_ids(guards: Guards, limits: CheckSettings) -> Verdict:
    """Judge order ids used as event ids."""
    summary = f"{guards.order_ids:,} of {count(guards.events, 'events')} in {limits.guard_minutes} minutes use their order's id as event id"
    advice = (
        "Only the first event of such an order counts; the others are dropped as duplicates. Ask the producer "
        "for a separate id for each event, such as a UUID (docs/events.md)."
    )
    return _judged(summary, advice, guards.order_ids, guards.events, limits.order_id_share)


def evaluate_payments(guards: Guards, limits: CheckSettings) -> Verdict:
    """Judge payments that repeat another one."""
    summary = f"{guards.repeated:,} of {count(guards.payments, 'payments')} in {limits.guard_minutes} minutes repeat the order, currency and amount of another"
    advice = (
        "Customers were charged twice, or a producer sends one payment under two ids and revenue is too high. "
        f"List them: {LIST_REPEATED.format(minutes=limits.guard_minutes)}."
    )
    return _judged(summary, advice, guards.repeated, guards.payments, limits.double_payment_share)


def evaluate_amounts(guards: Guards, limits: CheckSettings) -> Verdict:
    """Judge the currency whose amounts are furthest from what is usual."""
    known = [each for each in guards.amounts if each.usual is not None]
    if not known:
        return passed(
            f"No currency had {LEAST_ORDERS} orders in the previous day: the usual amounts are unknown.", {}
        )
    worst = max(known, key=lambda each: (each.large + each.small) / each.events)
    many, factor = worst.large + worst.small, f"{limits.unusual_amount_factor:g}"
    summary = (
        f"{many:,} of {count(worst.events, 'amounts')} in {worst.currency} in {limits.guard_minutes} minutes are {factor} times the "
        f"usual {worst.usual:,.2f} ({worst.large:,}) or a {factor}th of it ({worst.small:,})"
    )
    advice = (
        "A producer may send cents instead of whole units, or divide amounts of a currency without cents. Ask "
        "it for amounts in units of the currency (docs/events.md). The revenue of these minutes is wrong until "
        "the events are corrected."
    )
    return _judged(summary, advice, many, worst.events, limits.unusual_amount_share)


def _judged(summary: str, advice: str, found: int, total: int, limit: float) -> Verdict:
    metadata: dict[str, int | float | str] = {"found": found, "of": total, "limit, share": limit}
    if total < LEAST_RECORDS or found <= limit * total:
        return passed(f"{summary}.", metadata)
    return failed(f"{summary}; {limit:.1%} is allowed. {advice}", metadata)
