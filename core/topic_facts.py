"""A topic's identity, and the times and values of its records."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from core import kafka
from core.errors import BrokerError
from core.settings import KafkaSettings

NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
"""Returned instead of an id by clusters before Kafka 2.8."""

GROUP = "spark-kafka-look"
"""Required by the client and covered by the stream's rights; no offset is ever committed for it."""


@dataclass(frozen=True, slots=True)
class TopicIdentity:
    """Identifies a topic: offsets are valid only in it. A recreated topic has another `topic_id`."""

    cluster_id: str
    topic_id: str


def identify(settings: KafkaSettings, timeout_s: float = 10) -> TopicIdentity:
    """The identity of the configured topic. Raises `BrokerError` if it cannot be read."""
    client = kafka.admin_client(settings)
    kafka.wait_until_reachable(settings, timeout_s)
    topic_id = read_topic_id(client, settings.topic, timeout_s)
    try:
        cluster_id = client.list_topics(settings.topic, timeout=timeout_s).cluster_id
    except KafkaException as error:
        raise BrokerError(f"The topic {settings.topic} cannot be described: {error.args[0].str()}") from None
    return TopicIdentity(str(cluster_id), str(topic_id))


def read_topic_id(client: AdminClient, topic: str, timeout_s: float = 10) -> str | None:
    """Kafka's id of a topic; None if the cluster gives none. Raises `BrokerError` if there is no such topic."""
    try:
        described = client.describe_topics(TopicCollection([topic]), request_timeout=timeout_s)
        topic_id = str(described[topic].result().topic_id)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise BrokerError(f"The topic {topic} does not exist; `orderpulse up` creates it.") from None
        raise BrokerError(f"The topic {topic} cannot be described: {error.args[0].str()}") from None
    return None if topic_id == NO_ID else topic_id


def times_at(settings: KafkaSettings, offsets: dict[int, int], timeout_s: float = 15) -> dict[int, datetime]:
    """When Kafka received the first record at or after an offset, by partition.

    Partitions with only records of aborted transactions there are left out. Raises `BrokerError` where
    one cannot be read within `timeout_s` seconds.
    """
    if not offsets:
        return {}
    consumer = _consumer(settings)
    found: dict[int, datetime | None] = {}
    deadline = time.monotonic() + timeout_s
    try:
        consumer.assign([TopicPartition(settings.topic, *place) for place in offsets.items()])
        while len(found) < len(offsets):
            if time.monotonic() > deadline:
                missing = sorted(offsets.keys() - found.keys())
                raise BrokerError(
                    f"The records of {settings.topic}, partitions {missing}, could not be read within {timeout_s:.0f} s."
                )
            _note(consumer.consume(500, timeout=0.2), found)
    finally:
        consumer.close()
    return {partition: moment for partition, moment in found.items() if moment is not None}


def _note(messages: Iterable[Message], found: dict[int, datetime | None]) -> None:
    """Add the time of the first record of each partition, or None at its end, to `found`."""
    for message in messages:
        error, partition = message.error(), message.partition()
        at_end = error is not None and error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001  # its name
        if error is not None and not at_end:
            raise BrokerError(f"A record cannot be read: {error.str()}")
        if partition is not None:
            taken = None if at_end else datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
            found.setdefault(partition, taken)


def values_at(
    settings: KafkaSettings, places: Sequence[tuple[int, int]], timeout_s: float = 15
) -> dict[tuple[int, int], bytes | None]:
    """The value of the record at each position (partition, offset) that still has one.

    Raises `BrokerError` if one cannot be read within `timeout_s` seconds.
    """
    if not places:
        return {}
    consumer, found = _consumer(settings), {}
    try:
        for partition, offset in sorted(places):
            consumer.assign([TopicPartition(settings.topic, partition, offset)])
            message = consumer.poll(timeout_s)
            if message is None:
                raise BrokerError(f"The record {partition}/{offset} of {settings.topic} cannot be read.")
            if message.error() is None and message.offset() == offset:
                found[partition, offset] = message.value()
    finally:
        consumer.close()
    return found


def _consumer(settings: KafkaSettings) -> Consumer:
    """A consumer that reads committed records and reports the end of a partition."""
    options: dict[str, str | float | bool] = {
        "group.id": GROUP,
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "log_level": 0,
    }
    return Consumer(kafka.client_config(settings, **options))
