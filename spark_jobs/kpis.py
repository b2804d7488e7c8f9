"""KPIs of a minute, in the finest detail that is kept (contract, sections 2.5 to 2.7)."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from core.events import DIMENSIONS
from core.kpis import MEASURES, Measure

WINDOW = "1 minute"
MONEY_SUM = "decimal(25,2)"
"""Spark's type for a sum of amounts: it fits 10 billion of the largest, more than any minute has."""


GRAIN = ("currency", *(dimension.column for dimension in DIMENSIONS))
"""What the windows are divided by."""


def detailed_kpis(events: DataFrame) -> DataFrame:
    """Aggregate accepted, distinct events by minute, currency and the optional fields.

    Takes `event_time`, `event_type`, `amount` and `GRAIN`; returns the columns of `kpi_1m_detail`
    (money as decimal, counts as int) and `max_event_time`, the newest event in the row.
    """
    aggregated = events.groupBy(F.window("event_time", WINDOW).alias("window"), *GRAIN).agg(
        *map(_aggregate, MEASURES),
        F.max("event_time").alias("max_event_time"),
    )
    return aggregated.select(
        F.col("window.start").alias("window_start"),
        *[name for name in aggregated.columns if name != "window"],
    )


def _aggregate(measure: Measure) -> Column:
    value = F.col("amount") if measure.unit == "money" else 1
    of_its_type = F.when(F.col("event_type") == measure.event_type.value, value).otherwise(0)
    return F.sum(of_its_type).cast(MONEY_SUM if measure.unit == "money" else "int").alias(measure.name)
