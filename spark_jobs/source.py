"""Reading `events_raw`, as a stream or a range of offsets."""

import json

from pyspark.sql import DataFrame, SparkSession

from core.kafka_login import credentials
from core.settings import KafkaSettings, StreamSettings

Offsets = dict[int, int]
"""Offset by partition."""

SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"
RECORDS_A_POLL = "100"
"""Decompressed records of a partition that Spark buffers at a time, whatever their size."""

RECORD_COLUMNS = ("topic", "partition", "offset", "kafka_time", "value")
HEADERS_TYPE = "array<struct<key:string,value:binary>>"


def read_stream(
    spark: SparkSession,
    kafka: KafkaSettings,
    stream: StreamSettings,
    *,
    start: Offsets | None = None,
    max_delay_ms: int = 0,
    headers: bool = False,
) -> DataFrame:
    """Stream of records with `RECORD_COLUMNS`; the first start reads from `start`, or the earliest offset.

    `headers` adds the column of that name, an array of `key` and `value`; null if the record has none.

    With `max_delay_ms` a batch waits that long for more records unless it is full.
    The query fails if Kafka deleted data before it was read.
    """
    reader = (
        spark.readStream.format("kafka")
        .options(**_connection(kafka))
        .option("subscribe", kafka.topic)
        .option("startingOffsets", "earliest" if start is None else _offsets_json(kafka.topic, start))
        .option("failOnDataLoss", "true")
        .option("maxOffsetsPerTrigger", stream.max_offsets_per_trigger)
        .option("includeHeaders", headers)
    )
    if max_delay_ms:
        reader = reader.option("minOffsetsPerTrigger", stream.max_offsets_per_trigger).option(
            "maxTriggerDelay", f"{max_delay_ms}ms"
        )
    return _records(reader.load(), headers=headers)


def read_range(spark: SparkSession, kafka: KafkaSettings, start: Offsets, end: Offsets) -> DataFrame:
    """Records with headers from `start` (inclusive) to `end` (exclusive) of the same partitions."""
    frame = (
        spark.read.format("kafka")
        .options(**_connection(kafka))
        .option("assign", json.dumps({kafka.topic: sorted(start)}))
        .option("startingOffsets", _offsets_json(kafka.topic, start))
        .option("endingOffsets", _offsets_json(kafka.topic, end))
        .option("includeHeaders", value=True)
        .load()
    )
    return _records(frame, headers=True)


def _connection(kafka: KafkaSettings) -> dict[str, str]:
    common = {
        "kafka.bootstrap.servers": kafka.bootstrap_servers,
        "kafka.fetch.max.wait.ms": "50",
        "kafka.isolation.level": "read_committed",
        "kafka.max.poll.records": RECORDS_A_POLL,
    }
    return common | (_login(kafka) if kafka.security_protocol == "SASL_SSL" else {})


def _login(kafka: KafkaSettings) -> dict[str, str]:
    """Login options. Spark redacts an option whose value contains `password` wherever it shows options."""
    user, password = (json.dumps(part) for part in credentials(kafka))
    trust = {
        "kafka.ssl.truststore.type": "PEM",
        "kafka.ssl.truststore.location": str(kafka.ca_file),
    }
    return ({} if kafka.ca_file is None else trust) | {
        "kafka.security.protocol": kafka.security_protocol,
        "kafka.ssl.endpoint.identification.algorithm": "https",
        "kafka.sasl.mechanism": "SCRAM-SHA-512",
        "kafka.sasl.jaas.config": f"{SCRAM_MODULE} required username={user} password={password};",
    }


def _records(frame: DataFrame, *, headers: bool) -> DataFrame:
    columns = (*RECORD_COLUMNS, "headers") if headers else RECORD_COLUMNS
    return frame.withColumnRenamed("timestamp", "kafka_time").select(*columns)


def _offsets_json(topic: str, offsets: Offsets) -> str:
    return json.dumps({topic: {str(partition): offset for partition, offset in offsets.items()}})
