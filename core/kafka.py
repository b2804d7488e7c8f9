"""The one way to configure a Kafka client, and what set-up asks of the broker."""

from datetime import datetime

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from core.errors import BrokerError
from core.settings import KafkaSettings
from core.topics import Topic

__all__ = [
    "admin_client",
    "client_config",
    "create_topic",
    "end_offsets",
    "first_offsets",
    "offsets_at",
    "wait_until_reachable",
]


def client_config(settings: KafkaSettings, **extra: str | float | bool) -> dict[str, str | float | bool]:
    """librdkafka configuration that every client starts from."""
    return {"bootstrap.servers": settings.bootstrap_servers, "allow.auto.create.topics": False, **extra}


def admin_client(settings: KafkaSettings) -> AdminClient:
    """A client for topics and offsets; its log is silenced, its errors are raised."""
    return AdminClient(client_config(settings, log_level=0))


def wait_until_reachable(settings: KafkaSettings, timeout_s: float) -> None:
    """Return once the broker describes its cluster. Raises `BrokerError` after `timeout_s` seconds."""
    try:
        admin_client(settings).list_topics(timeout=timeout_s)
    except KafkaException as error:
        raise BrokerError(
            f"Kafka at {settings.bootstrap_servers} did not answer within {timeout_s:.0f} s "
            f"({error.args[0].str()}). Is it running? See `orderpulse status`."
        ) from None


def create_topic(settings: KafkaSettings, topic: Topic, name: str | None = None) -> bool:
    """Create `topic` (under `name`, if given). False where it exists already."""
    new = NewTopic(
        name or topic.name,
        num_partitions=topic.partitions,
        replication_factor=settings.replication_factor,
        config=topic.config(settings.min_insync_replicas),
    )
    client = admin_client(settings)  # must outlive its own futures
    try:
        client.create_topics([new], request_timeout=30)[new.topic].result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise BrokerError(f"The topic {new.topic} could not be created: {error.args[0].str()}") from None
    return True


def end_offsets(settings: KafkaSettings, topic: str, timeout_s: float = 10) -> dict[int, int]:
    """Offset of the next record of each partition.

    Raises `BrokerError` where the broker does not answer, the topic is missing, or it has no leader within
    `timeout_s` seconds.
    """
    return _offsets(settings, topic, OffsetSpec.latest(), timeout_s)


def first_offsets(settings: KafkaSettings, topic: str) -> dict[int, int]:
    """Offset of the oldest record that each partition still has. Raises as `end_offsets` does."""
    return _offsets(settings, topic, OffsetSpec.earliest())


def offsets_at(settings: KafkaSettings, topic: str, moment: datetime) -> dict[int, int]:
    """Offset of the first record that Kafka took at `moment` or later. Raises as `end_offsets` does."""
    found = _offsets(settings, topic, OffsetSpec.for_timestamp(int(moment.timestamp() * 1000)))
    ends = end_offsets(settings, topic)
    return {partition: ends[partition] if offset < 0 else offset for partition, offset in found.items()}


def _offsets(settings: KafkaSettings, topic: str, spec: OffsetSpec, timeout_s: float = 10) -> dict[int, int]:
    client = admin_client(settings)
    try:
        metadata = client.list_topics(topic, timeout=timeout_s).topics[topic]
    except KafkaException as error:
        raise BrokerError(
            f"Kafka at {settings.bootstrap_servers} did not answer within {timeout_s:.0f} s "
            f"({error.args[0].str()}). Is it running? See `orderpulse status`."
        ) from None
    if metadata.error is not None:
        raise BrokerError(f"The topic {topic} does not exist; `orderpulse up` creates it.")
    wanted = {TopicPartition(topic, partition): spec for partition in metadata.partitions}
    retrying = Retrying(
        retry=retry_if_exception_type(KafkaException),
        stop=stop_after_delay(timeout_s),
        wait=wait_fixed(0.1),
    )
    try:
        return retrying(_listed, client, wanted)
    except RetryError as error:
        raise BrokerError(f"The offsets of {topic} are not to be had: {error}") from None


def _listed(client: AdminClient, wanted: dict[TopicPartition, OffsetSpec]) -> dict[int, int]:
    """One look-up; a partition that was just created has no leader for a moment, which raises."""
    return {part.partition: future.result().offset for part, future in client.list_offsets(wanted).items()}
