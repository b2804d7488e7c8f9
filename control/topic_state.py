"""Compares a topic in Kafka with its expected configuration: what differs, what that means, how to fix it."""

from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from core import kafka
from core.errors import BrokerError
from core.settings import KafkaSettings
from core.topics import Topic

MEND = "orderpulse topic --apply"
"""The command that fixes what can be fixed."""

NO_LIMIT = -1
REQUEST_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class TopicState:
    """Partitions, copies of each, and the topic-level configuration."""

    partitions: int
    replication_factor: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that differs from the expected one. `grave`: records are lost, or judged wrongly.

    `mendable`: `mend` sets it; Kafka changes the number of copies only by a reassignment.
    """

    setting: str
    found: str
    wanted: str
    meaning: str
    grave: bool = False
    mendable: bool = True

    def __str__(self) -> str:
        return f"{self.setting} is {self.found} instead of {self.wanted}: {self.meaning}"


def read_state(settings: KafkaSettings, timeout_s: float = 10) -> TopicState:
    """The topic of the settings. Raises `BrokerError` if the broker does not answer."""
    kafka.wait_until_reachable(settings, timeout_s)
    client = kafka.admin_client(settings)
    resource = ConfigResource(ResourceType.TOPIC, settings.topic)
    try:
        topic = client.list_topics(settings.topic, timeout=timeout_s).topics[settings.topic]
        if topic.error is not None:
            raise BrokerError(f"The topic {settings.topic} does not exist: {topic.error.str()}.")
        config = client.describe_configs([resource], request_timeout=timeout_s)[resource].result()
    except KafkaException as error:
        raise BrokerError(f"The topic {settings.topic} cannot be described: {error.args[0].str()}.") from None
    copies = min((len(each.replicas) for each in topic.partitions.values()), default=0)
    return TopicState(len(topic.partitions), copies, {name: str(each.value) for name, each in config.items()})


def differences(state: TopicState, topic: Topic, settings: KafkaSettings) -> list[Difference]:
    """What in `state` is worse than what set-up creates. More partitions, replicas or retention are not."""
    return [*_of_config(state.config, topic, settings), *_of_layout(state, topic, settings)]


def _of_config(found: dict[str, str], topic: Topic, settings: KafkaSettings) -> Iterator[Difference]:
    wanted = topic.config(settings.min_insync_replicas)
    meanings = {
        "cleanup.policy": "Kafka deletes all but the newest event of an order, read or not",
        "message.timestamp.type": "events are judged `late` and `future` by their producers' clocks",
    }
    for name, meaning in meanings.items():
        if found.get(name) != wanted[name]:
            yield Difference(name, found.get(name, "not set"), wanted[name], meaning, grave=True)
    kept_ms = int(found.get("retention.ms", NO_LIMIT))
    if kept_ms != NO_LIMIT and kept_ms < topic.retention_ms:
        meaning = f"records that the stream has not read after {kept_ms / 3_600_000:g} h are lost"
        yield Difference("retention.ms", str(kept_ms), wanted["retention.ms"], meaning, grave=True)
    if int(found.get("retention.bytes", NO_LIMIT)) != NO_LIMIT:
        meaning = "a burst of records deletes older ones before their time"
        yield Difference("retention.bytes", found["retention.bytes"], str(NO_LIMIT), meaning, grave=True)
    if int(found.get("min.insync.replicas", 1)) < settings.min_insync_replicas:
        meaning = "a record is acknowledged before enough brokers have it"
        name = "min.insync.replicas"
        yield Difference(name, found[name], wanted[name], meaning, grave=True)
    if found.get("max.message.bytes") != wanted["max.message.bytes"]:
        meaning = "Kafka accepts batches of a size that the stream is not made for"
        name = "max.message.bytes"
        yield Difference(name, found.get(name, "not set"), wanted[name], meaning)


def _of_layout(state: TopicState, topic: Topic, settings: KafkaSettings) -> Iterator[Difference]:
    if state.partitions < topic.partitions:
        meaning = "fewer tasks can read at once"
        yield Difference("partitions", str(state.partitions), str(topic.partitions), meaning)
    if state.replication_factor < settings.replication_factor:
        yield Difference(
            "replication factor",
            str(state.replication_factor),
            str(settings.replication_factor),
            "losing a broker can lose records; kafka-reassign-partitions.sh changes it",
            grave=True,
            mendable=False,
        )


def mend(settings: KafkaSettings, found: list[Difference]) -> None:
    """Set what can be set, and leave the rest of the configuration alone. Raises `BrokerError` if Kafka refuses."""
    client, name = kafka.admin_client(settings), settings.topic
    values = {each.setting: each.wanted for each in found if each.mendable}
    partitions = values.pop("partitions", None)
    try:
        if values:
            entries = [
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in values.items()
            ]
            resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
            client.incremental_alter_configs([resource], request_timeout=REQUEST_TIMEOUT_S)[resource].result()
        if partitions is not None:
            more = NewPartitions(name, int(partitions))
            client.create_partitions([more], request_timeout=REQUEST_TIMEOUT_S)[name].result()
    except KafkaException as error:
        raise BrokerError(f"Kafka did not change the topic {name}: {error.args[0].str()}.") from None
