"""The reference: the minimum that writes the topic into the same tables, in plain Python.

One loop: read, validate, COPY, upsert, commit. It has no watermark, no window state, no reject
reasons and no ledger, and after a crash it relies on the primary key of `events_clean`.
"""

import signal
from datetime import UTC, datetime
from types import FrameType

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from bench.plain.rules import Row, validate
from bench.plain.sink import Rejected, prepare, write
from core.kafka import client_config, end_offsets
from core.postgres import connect
from core.settings import Settings, load_settings

LARGEST_BATCH = 30_000
GATHER_S = 0.01
TUNING: dict[str, str | int | bool] = {
    "group.id": "plain-consumer",
    "enable.auto.commit": False,
    "fetch.wait.max.ms": 10,
    "fetch.min.bytes": 1,
    "queued.min.messages": 100_000,
}


def run(settings: Settings) -> None:
    """Consume until SIGTERM or SIGINT."""
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    topic = settings.kafka.topic
    consumer = Consumer(client_config(settings.kafka, **TUNING))
    consumer.assign(
        [TopicPartition(topic, part, OFFSET_BEGINNING) for part in end_offsets(settings.kafka, topic)]
    )
    with connect(settings.postgres) as connection:
        prepare(connection)
        while not stopping:
            messages = consumer.consume(LARGEST_BATCH, timeout=GATHER_S)
            if messages:
                write(connection, *_validate_all(messages))
                consumer.commit(asynchronous=True)
    consumer.close()


def _validate_all(messages: list[Message]) -> tuple[list[Row], list[Rejected]]:
    rows: list[Row] = []
    refused: list[Rejected] = []
    for message in messages:
        value = message.value()
        kafka_time = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
        row = validate(value, kafka_time)
        if row is not None:
            rows.append(row)
        else:
            refused.append(
                (message.topic() or "", message.partition() or 0, message.offset() or 0, kafka_time, value)
            )
    return rows, refused


def main() -> None:
    """Entry point of `python -m bench.plain.consumer`; configured like the Spark job."""
    run(load_settings())


if __name__ == "__main__":
    main()
