"""KPIs of a minute, by currency (contract, sections 2.5 and 2.6)."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from core.events import EventType

__all__ = ["WINDOW", "kpis_by_currency"]

WINDOW = "1 minute"


def kpis_by_currency(events: DataFrame) -> DataFrame:
    """Aggregate accepted, distinct events.

    Takes `event_time`, `event_type`, `currency` and `amount`; returns one row per window
    and currency with the columns of `kpi_1m_by_currency` (money as decimal, counts as int)
    and `max_event_time`, the newest event in it.
    """
    aggregated = events.groupBy(F.window("event_time", WINDOW).alias("window"), "currency").agg(
        _sum_of(EventType.PAYMENT_SUCCESS).alias("revenue"),
        _count_of(EventType.ORDER_CREATED).alias("orders_created"),
        _count_of(EventType.PAYMENT_INITIATED).alias("payments_initiated"),
        _count_of(EventType.PAYMENT_SUCCESS).alias("payment_success"),
        _count_of(EventType.PAYMENT_FAILED).alias("payment_failed"),
        _count_of(EventType.ORDER_CANCELLED).alias("orders_cancelled"),
        _sum_of(EventType.ORDER_CREATED).alias("order_value"),
        F.max("event_time").alias("max_event_time"),
    )
    return aggregated.select(
        F.col("window.start").alias("window_start"),
        "currency",
        F.col("window.end").alias("window_end"),
        *[name for name in aggregated.columns if name not in {"window", "currency"}],
    )


def _count_of(event_type: EventType) -> Column:
    return F.sum(F.when(F.col("event_type") == event_type.value, 1).otherwise(0)).cast("int")


def _sum_of(event_type: EventType) -> Column:
    return F.sum(F.when(F.col("event_type") == event_type.value, F.col("amount")).otherwise(0)).cast(
        "decimal(18,2)"
    )
