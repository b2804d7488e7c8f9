"""What others do to a topic, and what is in it."""

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import NewPartitions

from core import kafka
from core.errors import BrokerError
from core.settings import KafkaSettings
from core.topic_facts import read_topic_id
from core.topics import EVENTS_RAW
from stack.host.waiting import wait_until

TIMEOUT_S = 60.0


def delete_records(settings: KafkaSettings, before: dict[int, int]) -> None:
    """Delete the records before an offset, by partition, as retention does."""
    client = kafka.admin_client(settings)
    wanted = [TopicPartition(settings.topic, partition, offset) for partition, offset in before.items()]
    for future in client.delete_records(wanted).values():
        future.result()


def raise_partitions(settings: KafkaSettings, partitions: int) -> None:
    """Add partitions, up to that number."""
    client = kafka.admin_client(settings)
    client.create_partitions([NewPartitions(settings.topic, partitions)])[settings.topic].result()
    assert wait_until(lambda: len(kafka.end_offsets(settings, settings.topic)) == partitions, TIMEOUT_S)


def replace_topic(settings: KafkaSettings) -> None:
    """Delete the topic and create it again, as set-up does."""
    client = kafka.admin_client(settings)
    former = read_topic_id(client, settings.topic)
    client.delete_topics([settings.topic])[settings.topic].result()

    def created() -> bool:
        try:
            return kafka.create_topic(settings, EVENTS_RAW, settings.topic)
        except BrokerError:
            return False

    assert wait_until(created, TIMEOUT_S), "the broker deletes it"

    def is_known() -> bool:
        try:
            return read_topic_id(client, settings.topic) != former
        except BrokerError:
            return False

    assert wait_until(is_known, TIMEOUT_S), "the broker tells the new topic's id"
    kafka.end_offsets(settings, settings.topic)


def read_records(settings: KafkaSettings, topic: str, count: int) -> list[Message]:
    """The first `count` records of a topic, or some more."""
    options: dict[str, str | bool] = {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer(kafka.client_config(settings, **{"group.id": "test"}, **options))
    consumer.subscribe([topic])
    messages: list[Message] = []

    def complete() -> bool:
        messages.extend(consumer.consume(10_000, timeout=0.2))
        return len(messages) >= count

    try:
        assert wait_until(complete, TIMEOUT_S), f"{len(messages)} of {count} records"
    finally:
        consumer.close()
    return messages
