"""A secured broker for the tests, as `orderpulse up --secure` leaves it, and what its clients meet."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from core import kafka
from core.settings import Environment, KafkaSettings, Settings, load_settings
from core.topics import EVENTS_RAW
from stack.host.ports import free_ports
from stack.local.health import health
from stack.secure.identities import IdentityName, as_identity, secured
from stack.servers.jars import ensure_jars
from stack.servers.kafka.rights import apply_rights
from tests.processes import Started

ANSWER_S = 10


def secured_settings(folder: Path) -> Settings:
    """Settings of a secured platform with one broker, as its owner; its data is in `folder`/secure."""
    broker, controller = free_ports(2)
    stack = {
        "data_dir": folder / "secure",
        "security": "on",
        "kafka_controller_port": controller,
        "kafka_heap": "256m",
    }
    return secured(
        load_settings(
            environment=Environment.TEST,
            kafka={"bootstrap_servers": f"localhost:{broker}"},
            stack=stack,
            stream={"checkpoint_dir": folder / "checkpoints"},
        )
    )


@contextmanager
def secured_broker() -> Iterator[Settings]:
    """A running broker with the topic, the users and their rights."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-secured-"))
    settings = secured_settings(folder)
    ensure_jars(settings)
    try:
        with Started(settings, "kafka", folder, signal.SIGTERM) as started:
            started.wait(lambda: health(settings, "kafka", started.pid) == "healthy")
            apply_rights(settings)
            kafka.create_topic(settings.kafka, EVENTS_RAW)
            yield settings
    finally:
        shutil.rmtree(folder)


def as_user(settings: Settings, name: IdentityName) -> KafkaSettings:
    """How a process of the platform reaches Kafka."""
    return as_identity(settings, name).kafka


def send(settings: KafkaSettings, topic: str, value: bytes = b"{}", **options: str | float | bool) -> None:
    """Send one record. Raises `KafkaException` with the reason where it is not acknowledged."""
    answers: list[KafkaError | None] = []
    given_up: dict[str, Any] = {"message.timeout.ms": ANSWER_S * 1000, "acks": "all"}
    producer = Producer(kafka.client_config(settings, log_level=0, **(given_up | options)))
    producer.produce(topic, value, on_delivery=lambda error, _: answers.append(error))
    assert producer.flush(2 * ANSWER_S) == 0, "neither acknowledged nor refused"
    if answers[0] is not None:
        raise KafkaException(answers[0])


def read_first(settings: KafkaSettings, topic: str) -> Message:
    """A record of the topic. Raises `KafkaException` with the reason where it may not be read."""
    options = {"group.id": "spark-kafka-test", "enable.auto.commit": False}
    config = kafka.client_config(settings, log_level=0) | options
    consumer, deadline = Consumer(config), monotonic() + ANSWER_S
    try:
        consumer.assign([TopicPartition(topic, part, 0) for part in range(EVENTS_RAW.partitions)])
        while monotonic() < deadline:
            message = consumer.poll(0.1)
            if message is None:
                continue
            error = message.error()
            if error is None:
                return message
            if error.code() != KafkaError.GROUP_AUTHORIZATION_FAILED:  # it commits nothing, so needs no group
                raise KafkaException(error)
        raise AssertionError("neither read nor refused")
    finally:
        consumer.close()


def code_of(error: KafkaException) -> int:
    """Kafka's number of what went wrong."""
    number: int = error.args[0].code()
    return number
