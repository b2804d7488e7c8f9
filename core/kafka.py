"""The one way to configure a Kafka client, and the set-up's requests to the broker."""

import socket
from datetime import datetime
from time import monotonic
from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ClusterMetadata, NewTopic, OffsetSpec
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from core.errors import BrokerError
from core.kafka_login import login_config
from core.kafka_refusal import refusal
from core.settings import KafkaSettings
from core.topics import Topic

CONNECT_TIMEOUT_S = 0.2

RELIABLE: dict[str, str | float | bool] = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 2,
    "compression.type": "lz4",
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 500,
    "retry.backoff.max.ms": 500,
    "socket.keepalive.enable": True,
    "log_level": 0,
}
"""A producer's record counts once all in-sync copies have it, and a retry writes it no second time."""

FIRST_LOOK_S = 0.5
"""How long a client waits for a response before it first checks for a refusal."""


def client_config(settings: KafkaSettings, **extra: str | float | bool) -> dict[str, str | float | bool]:
    """The librdkafka configuration common to all clients.

    Raises `SettingsError` if a user must log in and there is none.
    """
    common: dict[str, str | float | bool] = {
        "bootstrap.servers": settings.bootstrap_servers,
        "allow.auto.create.topics": False,
    }
    return {**common, **login_config(settings), **extra}


def producer_config(settings: KafkaSettings, **extra: str | float | bool) -> dict[str, str | float | bool]:
    """The same for a producer. Raises as `client_config` does."""
    return client_config(settings, **RELIABLE, **extra)


def admin_client(settings: KafkaSettings) -> AdminClient:
    """A client for topics and offsets; it logs nothing and raises its errors."""
    return AdminClient(client_config(settings, log_level=0))


def answers(settings: KafkaSettings) -> bool:
    """Whether a broker accepts connections."""
    for address in settings.addresses():
        try:
            socket.create_connection(address, timeout=CONNECT_TIMEOUT_S).close()
        except OSError:
            continue
        return True
    return False


def wait_until_reachable(settings: KafkaSettings, timeout_s: float) -> None:
    """Return once the broker describes its cluster.

    Raises `BrokerError` after `timeout_s` seconds, and at once if it refuses the login.
    """
    brokers(settings, timeout_s)


def brokers(settings: KafkaSettings, timeout_s: float) -> dict[int, int]:
    """Port by id of the brokers of the cluster. Raises like `wait_until_reachable`."""
    return {broker.id: broker.port for broker in _describe(settings, None, timeout_s).brokers.values()}


def check_access(settings: KafkaSettings, topic: str, timeout_s: float = 5) -> None:
    """Raise `BrokerError` if Kafka refuses the user's login, or access to `topic`.

    A broker that does not respond has refused nothing.
    """
    try:
        metadata = _describe(settings, topic, timeout_s)
    except NoAnswerError:
        return
    _raise_refusal(settings, metadata.topics[topic].error)


def create_topic(settings: KafkaSettings, topic: Topic, name: str | None = None) -> bool:
    """Create `topic` (under `name`, if given). False if it exists already."""
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
    """Offset of the next record of each partition, or of the first one of a transaction that is still open.

    Raises `BrokerError` if the broker does not respond, the topic is missing, or it has no leader within
    `timeout_s` seconds.
    """
    return _offsets(settings, topic, OffsetSpec.latest(), timeout_s)


def first_offsets(settings: KafkaSettings, topic: str) -> dict[int, int]:
    """Offset of the oldest record that each partition still has. Raises like `end_offsets`."""
    return _offsets(settings, topic, OffsetSpec.earliest())


def offsets_at(settings: KafkaSettings, topic: str, moment: datetime) -> dict[int, int]:
    """Offset of the first record that Kafka received at `moment` or later. Raises like `end_offsets`."""
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
        raise BrokerError(f"The offsets of {topic} cannot be read: {error}") from None


def _listed(client: AdminClient, wanted: dict[TopicPartition, OffsetSpec]) -> dict[int, int]:
    """One look-up. Raises while a new partition has no leader yet."""
    asked = client.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED)
    return {part.partition: future.result().offset for part, future in asked.items()}


class NoAnswerError(BrokerError):
    """The broker does not respond."""


def _describe(settings: KafkaSettings, topic: str | None, timeout_s: float) -> ClusterMetadata:
    """Metadata of the cluster and of `topic`. Raises `BrokerError`.

    librdkafka keeps retrying after a refusal, and reports the reason only to a callback.
    """
    heard: list[KafkaError] = []
    config: dict[str, Any] = {**client_config(settings, log_level=0), "error_cb": heard.append}
    client = AdminClient(config)
    deadline, wait_s = monotonic() + timeout_s, FIRST_LOOK_S
    while True:
        left_s = deadline - monotonic()
        # Leave a busy broker enough time to respond to the last request.
        last = left_s < 3 * wait_s
        try:
            return _metadata(client, topic, left_s if last else wait_s)
        except KafkaException as error:
            client.poll(0)
            for each in heard:
                _raise_refusal(settings, each)
            if last:
                raise NoAnswerError(
                    f"Kafka at {settings.bootstrap_servers} did not respond to {settings.security_protocol} within "
                    f"{timeout_s:.0f} s ({error.args[0].str()}). Is it running, and is this its protocol? See "
                    "`orderpulse status`."
                ) from None
        wait_s *= 2


def _metadata(client: AdminClient, topic: str | None, wait_s: float) -> ClusterMetadata:
    return client.list_topics(timeout=wait_s) if topic is None else client.list_topics(topic, timeout=wait_s)


def _raise_refusal(settings: KafkaSettings, error: KafkaError | None) -> None:
    refused = None if error is None else refusal(settings, error)
    if refused is not None:
        raise refused
