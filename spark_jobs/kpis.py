"""KPIs of a minute, by currency (contract, sections 2.5 and 2.6)."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from core.kpis import MEASURES, Measure

WINDOW = "1 minute"
MONEY_SUM = "decimal(25,2)"
"""Spark's type for a sum of amounts: it fits 10 billion of the largest, more than any minute has."""


def kpis_by_currency(events: DataFrame) -> DataFrame:
    """Aggregate accepted, distinct events by minute and currency.

    Takes `event_time`, `event_type`, `currency` and `amount`; returns one row per window
    and currency with the columns of `kpi_1m_by_currency` (money as decimal, counts as int)
    and `max_event_time`, the newest event in it.
    """
    aggregated = events.groupBy(F.window("event_time", WINDOW).alias("window"), "currency").agg(
        *map(_aggregate, MEASURES),
        F.max("event_time").alias("max_event_time"),
    )
    return aggregated.select(
        F.col("window.start").alias("window_start"),
        "currency",
        F.col("window.end").alias("window_end"),
        *[name for name in aggregated.columns if name not in {"window", "currency"}],
    )


def _aggregate(measure: Measure) -> Column:
    value = F.col("amount") if measure.unit == "money" else 1
    of_its_type = F.when(F.col("event_type") == measure.event_type.value, value).otherwise(0)
    return F.sum(of_its_type).cast(MONEY_SUM if measure.unit == "money" else "int").alias(measure.name)
