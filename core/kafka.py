"""The one way to configure a Kafka client, and what set-up asks of the broker."""

from datetime import datetime
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ClusterMetadata, NewTopic, OffsetSpec
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from core.errors import BrokerError
from core.kafka_login import login_config
from core.kafka_refusal import refusal
from core.settings import KafkaSettings
from core.topics import Topic

__all__ = [
    "admin_client",
    "brokers",
    "client_config",
    "create_topic",
    "end_offsets",
    "first_offsets",
    "offsets_at",
    "refuse_strangers",
    "wait_until_reachable",
]


FIRST_LOOK_S = 0.5
"""How long a client waits for an answer before it first looks whether it was refused."""


def client_config(settings: KafkaSettings, **extra: str | float | bool) -> dict[str, str | float | bool]:
    """librdkafka configuration that every client starts from.

    Raises `SettingsError` where a user must log in and there is none.
    """
    common: dict[str, str | float | bool] = {
        "bootstrap.servers": settings.bootstrap_servers,
        "allow.auto.create.topics": False,
    }
    return {**common, **login_config(settings), **extra}


def admin_client(settings: KafkaSettings) -> AdminClient:
    """A client for topics and offsets; its log is silenced, its errors are raised."""
    return AdminClient(client_config(settings, log_level=0))


def wait_until_reachable(settings: KafkaSettings, timeout_s: float) -> None:
    """Return once the broker describes its cluster.

    Raises `BrokerError` after `timeout_s` seconds, and at once where it does not let us in.
    """
    brokers(settings, timeout_s)


def brokers(settings: KafkaSettings, timeout_s: float) -> dict[int, int]:
    """Port by id of the brokers of the cluster. Raises as `wait_until_reachable` does."""
    return {broker.id: broker.port for broker in _describe(settings, None, timeout_s).brokers.values()}


def refuse_strangers(settings: KafkaSettings, topic: str, timeout_s: float = 5) -> None:
    """Raise `BrokerError` where Kafka does not let the user in, or see `topic`.

    A broker that does not answer has refused nothing.
    """
    try:
        metadata = _describe(settings, topic, timeout_s)
    except NoAnswerError:
        return
    _raise_refusal(settings, metadata.topics[topic].error)


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
        _raise_refusal(settings, error.args[0])
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
    metadata = _describe(settings, topic, timeout_s).topics[topic]
    _raise_refusal(settings, metadata.error)
    if metadata.error is not None:
        raise BrokerError(f"The topic {topic} does not exist; `orderpulse up` creates it.")
    wanted = {TopicPartition(topic, partition): spec for partition in metadata.partitions}
    client = admin_client(settings)
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


class NoAnswerError(BrokerError):
    """The broker is not there, or not yet."""


def _describe(settings: KafkaSettings, topic: str | None, timeout_s: float) -> ClusterMetadata:
    """What the broker knows of its cluster and of `topic`. Raises `BrokerError`.

    librdkafka goes on asking where it was refused, and says why only to a callback.
    """
    heard: list[KafkaError] = []
    config: dict[str, Any] = {**client_config(settings, log_level=0), "error_cb": heard.append}
    client = AdminClient(config)
    deadline, wait_s = monotonic() + timeout_s, FIRST_LOOK_S
    while True:
        left_s = deadline - monotonic()
        # A question is not asked again in so short a time that a busy broker could never answer it.
        last = left_s < 3 * wait_s
        try:
            return _metadata(client, topic, left_s if last else wait_s)
        except KafkaException as error:
            client.poll(0)
            for each in heard:
                _raise_refusal(settings, each)
            if last:
                raise NoAnswerError(
                    f"Kafka at {settings.bootstrap_servers} did not answer {settings.security_protocol} within "
                    f"{timeout_s:.0f} s ({error.args[0].str()}). Is it running, and is that its protocol? See "
                    "`orderpulse status`."
                ) from None
        wait_s *= 2


def _metadata(client: AdminClient, topic: str | None, wait_s: float) -> ClusterMetadata:
    return client.list_topics(timeout=wait_s) if topic is None else client.list_topics(topic, timeout=wait_s)


def _raise_refusal(settings: KafkaSettings, error: KafkaError | None) -> None:
    refused = None if error is None else refusal(settings, error)
    if refused is not None:
        raise refused
