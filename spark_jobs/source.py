"""Reading `events_raw`, as a stream or a range of offsets."""

import json

from pyspark.sql import DataFrame, SparkSession

from core.settings import KafkaSettings, StreamSettings

__all__ = ["RECORD_COLUMNS", "Offsets", "read_range", "read_stream"]

Offsets = dict[int, int]
"""Offset by partition."""

RECORD_COLUMNS = ("topic", "partition", "offset", "kafka_time", "value")


def read_stream(
    spark: SparkSession, kafka: KafkaSettings, stream: StreamSettings, *, max_delay_ms: int = 0
) -> DataFrame:
    """Stream of records with `RECORD_COLUMNS`; the first start reads from the earliest offset.

    With `max_delay_ms` a batch waits that long for more records unless a full one is there.
    Data that Kafka has deleted before it was read fails the query.
    """
    reader = (
        spark.readStream.format("kafka")
        .options(**_connection(kafka))
        .option("subscribe", kafka.topic)
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "true")
        .option("maxOffsetsPerTrigger", stream.max_offsets_per_trigger)
    )
    if max_delay_ms:
        reader = reader.option("minOffsetsPerTrigger", stream.max_offsets_per_trigger).option(
            "maxTriggerDelay", f"{max_delay_ms}ms"
        )
    return _records(reader.load())


def read_range(spark: SparkSession, kafka: KafkaSettings, start: Offsets, end: Offsets) -> DataFrame:
    """Records from `start` (inclusive) to `end` (exclusive) of the same partitions."""
    frame = (
        spark.read.format("kafka")
        .options(**_connection(kafka))
        .option("assign", json.dumps({kafka.topic: sorted(start)}))
        .option("startingOffsets", _offsets_json(kafka.topic, start))
        .option("endingOffsets", _offsets_json(kafka.topic, end))
        .load()
    )
    return _records(frame)


def _connection(kafka: KafkaSettings) -> dict[str, str]:
    return {"kafka.bootstrap.servers": kafka.bootstrap_servers, "kafka.fetch.max.wait.ms": "50"}


def _records(frame: DataFrame) -> DataFrame:
    return frame.withColumnRenamed("timestamp", "kafka_time").select(*RECORD_COLUMNS)


def _offsets_json(topic: str, offsets: Offsets) -> str:
    return json.dumps({topic: {str(partition): offset for partition, offset in offsets.items()}})
