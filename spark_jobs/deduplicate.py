"""Duplicates by `id` within the watermark (contract, section 2.2)."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from core.events import FIELDS, SPARK_WATERMARK_DELAY

CONTENT = tuple(field.column for field in FIELDS if field.column != "id")
"""What makes two events with one id different. Not the optional fields: a repetition may add one."""

WATERMARK_DELAY = f"{int(SPARK_WATERMARK_DELAY.total_seconds())} seconds"


def drop_duplicate_events(events: DataFrame, parallelism: int) -> DataFrame:
    """Keep the first of each `id`. Takes accepted events only; keeps their columns."""
    watermarked = events.withWatermark("event_time", WATERMARK_DELAY)
    return _in_tasks(watermarked, parallelism).dropDuplicatesWithinWatermark(["id"])


def drop_duplicate_records(validated: DataFrame, parallelism: int) -> DataFrame:
    """Keep the first of each event and every rejected record; adds the columns `identity` and `watermark_time`.

    An event is identified by its id and a hash of its content: another event with the same id reaches the sink,
    whose primary key refuses it and which counts it (a producer that uses order ids as event ids). A rejected
    record has no reliable id or time: it is identified by its position in Kafka (after a NUL, which no accepted id
    contains) and dated by Kafka's time.
    """
    rejected = F.col("reason").isNotNull()
    place = F.concat(F.lit("\0"), F.col("partition"), F.lit("-"), F.col("offset"))
    event = F.concat(F.col("id"), F.lit("\0"), F.xxhash64(*CONTENT))
    identified = validated.withColumn("identity", F.when(rejected, place).otherwise(event))
    dated = identified.withColumn(
        "watermark_time", F.when(rejected, F.col("kafka_time")).otherwise(F.col("event_time"))
    )
    watermarked = dated.withWatermark("watermark_time", WATERMARK_DELAY)
    return _in_tasks(watermarked, parallelism).dropDuplicatesWithinWatermark(["identity"])


def _in_tasks(frame: DataFrame, parallelism: int) -> DataFrame:
    """`frame` in `parallelism` partitions. With one, a batch needs no exchange, which halves its latency.

    Spark detects that only if the coalesce comes after the watermark, whose operator hides
    the partitioning below it.
    """
    return frame.coalesce(1) if parallelism == 1 else frame
