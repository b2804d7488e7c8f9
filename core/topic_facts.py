"""What identifies a topic, and when Kafka took a record of it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition

from core import kafka
from core.errors import BrokerError
from core.settings import KafkaSettings

__all__ = ["TopicIdentity", "identify", "times_at"]

GROUP = "spark-kafka-look"
"""Named because a client must, and so that the stream's rights cover it; nothing is ever committed for it."""


@dataclass(frozen=True, slots=True)
class TopicIdentity:
    """Which topic it is: offsets mean something in this very one only. One that is made anew has another `topic_id`."""

    cluster_id: str
    topic_id: str


def identify(settings: KafkaSettings, timeout_s: float = 10) -> TopicIdentity:
    """The identity of the topic of the settings. Raises `BrokerError` where the broker does not say it."""
    client = kafka.admin_client(settings)
    kafka.wait_until_reachable(settings, timeout_s)
    try:
        described = client.describe_topics(TopicCollection([settings.topic]), request_timeout=timeout_s)
        topic_id = described[settings.topic].result().topic_id
        cluster_id = client.list_topics(settings.topic, timeout=timeout_s).cluster_id
    except KafkaException as error:
        raise BrokerError(f"The topic {settings.topic} cannot be described: {error.args[0].str()}") from None
    return TopicIdentity(str(cluster_id), str(topic_id))


def times_at(settings: KafkaSettings, offsets: dict[int, int], timeout_s: float = 15) -> dict[int, datetime]:
    """When Kafka took the record at an offset, by partition. Each must be there.

    Raises `BrokerError` where one cannot be read within `timeout_s` seconds.
    """
    if not offsets:
        return {}
    options: dict[str, str | float | bool] = {"group.id": GROUP, "enable.auto.commit": False, "log_level": 0}
    consumer = Consumer(kafka.client_config(settings, **options))
    found: dict[int, datetime] = {}
    deadline = time.monotonic() + timeout_s
    try:
        consumer.assign([TopicPartition(settings.topic, *place) for place in offsets.items()])
        while len(found) < len(offsets):
            if time.monotonic() > deadline:
                missing = sorted(offsets.keys() - found.keys())
                raise BrokerError(
                    f"The records of {settings.topic}, partitions {missing}, are not to be had in {timeout_s:.0f} s."
                )
            for message in consumer.consume(500, timeout=0.2):
                _note(message.partition(), message.error(), message.timestamp()[1], found)
    finally:
        consumer.close()
    return found


def _note(partition: int | None, error: KafkaError | None, time_ms: int, found: dict[int, datetime]) -> None:
    """The first record of each partition counts."""
    if error is not None:
        raise BrokerError(f"A record cannot be read: {error.str()}")
    if partition is not None:
        found.setdefault(partition, datetime.fromtimestamp(time_ms / 1000, UTC))
