"""Duplicates by `id` within the watermark (contract, section 2.2)."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from core.events import SPARK_WATERMARK_DELAY

__all__ = ["drop_duplicate_events", "drop_duplicate_records"]

WATERMARK_DELAY = f"{int(SPARK_WATERMARK_DELAY.total_seconds())} seconds"


def drop_duplicate_events(events: DataFrame, parallelism: int) -> DataFrame:
    """Keep the first of each `id`. Takes accepted events only; keeps their columns."""
    watermarked = events.withWatermark("event_time", WATERMARK_DELAY)
    return _in_tasks(watermarked, parallelism).dropDuplicatesWithinWatermark(["id"])


def drop_duplicate_records(judged: DataFrame, parallelism: int) -> DataFrame:
    """Keep the first of each event and every rejected record; keeps all columns but these two.

    A rejected record has no trustworthy id or time: it is identified by its place in Kafka
    (behind a NUL, which no accepted id contains) and dated by Kafka's time. The columns
    `identity` and `watermark_time` are added.
    """
    rejected = F.col("reason").isNotNull()
    place = F.concat(F.lit("\0"), F.col("partition"), F.lit("-"), F.col("offset"))
    identified = judged.withColumn("identity", F.when(rejected, place).otherwise(F.col("id")))
    dated = identified.withColumn(
        "watermark_time", F.when(rejected, F.col("kafka_time")).otherwise(F.col("event_time"))
    )
    watermarked = dated.withWatermark("watermark_time", WATERMARK_DELAY)
    return _in_tasks(watermarked, parallelism).dropDuplicatesWithinWatermark(["identity"])


def _in_tasks(frame: DataFrame, parallelism: int) -> DataFrame:
    """With one task a batch needs no exchange before its stateful operators, which halves its latency.

    Spark sees that only when the coalesce stands after the watermark, whose operator hides
    the partitioning of what is below it.
    """
    return frame.coalesce(1) if parallelism == 1 else frame
