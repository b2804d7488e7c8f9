"""Three real brokers, secured: what Kafka acknowledged outlives the death of one, and of two."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Self

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from core import kafka
from core.errors import BrokerError
from core.settings import Environment, Settings, load_settings
from core.topics import EVENTS_RAW
from stack.host.environment import child_environment
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from stack.secure.identities import as_identity, secured
from stack.servers.jars import ensure_jars
from stack.servers.kafka import broker as kafka_broker
from stack.servers.kafka.rights import apply_rights

TOPIC = EVENTS_RAW.name
NODES = (1, 2, 3)
START_TIMEOUT_S = 90
RECOVERY_TIMEOUT_S = 60
RATE_PAUSE_S = 0.005
TOO_FEW_COPIES = {
    KafkaError._MSG_TIMED_OUT,
    KafkaError.NOT_ENOUGH_REPLICAS,
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
}


class Brokers:
    """The three nodes as processes."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, *nodes: int) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: kafka_broker.prepare(self.settings, node), nodes))
        for node in nodes:
            with (self._folder / f"{node}.log").open("ab") as log:
                self._processes[node] = subprocess.Popen(
                    kafka_broker.command(self.settings, node),
                    env=child_environment(self.settings),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )

    def kill(self, *nodes: int) -> None:
        for node in nodes:
            self._processes[node].kill()
        for node in nodes:
            self._processes.pop(node).wait()

    def end(self) -> None:
        """They would wait for one another if they were asked to stop."""
        self.kill(*self._processes)

    def wait(self, condition: Callable[[], bool], timeout_s: float = START_TIMEOUT_S) -> None:
        assert wait_until(condition, timeout_s), self._tails()

    def all_know_one_another(self) -> bool:
        try:
            return set(kafka.brokers(self.settings.kafka, 2)) == set(NODES)
        except BrokerError:
            return False

    def all_copies_are_in_sync(self) -> bool:
        client = AdminClient(kafka.client_config(self.settings.kafka, log_level=0))
        partitions = client.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions.values()
        return all(set(part.isrs) == set(NODES) for part in partitions)

    def _tails(self) -> str:
        return "\n".join(
            f"{path}:\n{path.read_text(errors='replace')[-1500:]}"
            for path in sorted(self._folder.glob("*.log"))
        )


@pytest.fixture(scope="module")
def brokers() -> Iterator[Brokers]:
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-brokers-"))
    ports = free_ports(6)
    settings = load_settings(
        environment=Environment.TEST,
        kafka={
            "bootstrap_servers": ",".join(f"localhost:{port}" for port in ports[:3]),
            "replication_factor": 3,
            "min_insync_replicas": 2,
        },
        stack={
            "data_dir": folder / "data",
            "profile": "cluster",
            "security": "on",
            "kafka_heap": "256m",
            "kafka_controller_port": ports[3],
        },
        cluster={
            "kafka_2_port": ports[1],
            "kafka_3_port": ports[2],
            "kafka_2_controller_port": ports[4],
            "kafka_3_controller_port": ports[5],
        },
    )
    ensure_jars(settings)
    started = Brokers(secured(settings), folder)
    try:
        started.start(*NODES)
        started.wait(started.all_know_one_another)
        apply_rights(started.settings)
        kafka.create_topic(started.settings.kafka, EVENTS_RAW)
        started.wait(started.all_copies_are_in_sync)
        yield started
    finally:
        started.end()
        shutil.rmtree(folder)


class Sender:
    """A producer that sends numbered records all the time; a context manager."""

    def __init__(self, settings: Settings, **options: str | float | bool) -> None:
        user = as_identity(settings, "generator").kafka
        config: dict[str, Any] = {"acks": "all", "enable.idempotence": True, "linger.ms": 2, "log_level": 0}
        self.acknowledged: set[bytes] = set()
        self.errors: list[KafkaError] = []
        self._name = os.urandom(4).hex()
        self._producer = Producer(kafka.client_config(user, **(config | options)))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def _send(self) -> None:
        for number in count():
            if self._ended.is_set():
                break
            self._producer.produce(TOPIC, f"{self._name}-{number}".encode(), on_delivery=self._note)
            self._producer.poll(RATE_PAUSE_S)
        self._producer.flush(RECOVERY_TIMEOUT_S)

    def sent(self, value: bytes) -> bool:
        """Whether this producer sent a record of that value."""
        return value.startswith(f"{self._name}-".encode())

    def _note(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.acknowledged.add(message.value() or b"")
        else:
            self.errors.append(error)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def _read_all(settings: Settings) -> list[bytes]:
    """Values of all records of the topic, each as often as Kafka has it."""
    reader = as_identity(settings, "spark_stream").kafka
    ends = kafka.end_offsets(reader, TOPIC)
    consumer = Consumer(kafka.client_config(reader, log_level=0, **{"group.id": "spark-kafka-test"}))
    consumer.assign([TopicPartition(TOPIC, part, 0) for part in ends])
    values, deadline = dict[tuple[int | None, int | None], bytes](), monotonic() + RECOVERY_TIMEOUT_S
    while len(values) < sum(ends.values()) and monotonic() < deadline:
        for message in consumer.consume(1000, 1):
            if message.error() is None:
                values[message.partition(), message.offset()] = message.value() or b""
    consumer.close()
    return list(values.values())


def _leader(settings: Settings) -> int:
    """Node that leads the first partition."""
    client = AdminClient(kafka.client_config(settings.kafka, log_level=0))
    leader: int = client.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions[0].leader
    return leader


def test_what_is_acknowledged_outlives_one_broker_and_then_another(
    brokers: Brokers, measured: Callable[[str], None]
) -> None:
    with Sender(brokers.settings) as going_on:
        brokers.wait(lambda: len(going_on.acknowledged) > 100)
        first = _leader(brokers.settings)
        brokers.kill(first)
        pause_s = _pause(brokers, going_on, first)
    measured(f"a broker was killed: its partitions were available again after {pause_s:.1f} s")
    assert going_on.errors == [], "one is missing, and the producer has only waited"

    second = _leader(brokers.settings)
    brokers.kill(second)
    with Sender(brokers.settings, **{"message.timeout.ms": 4_000}) as told:
        brokers.wait(lambda: bool(told.errors), RECOVERY_TIMEOUT_S)
    assert told.acknowledged == set(), "one copy is not enough"
    assert {error.code() for error in told.errors} <= TOO_FEW_COPIES

    brokers.start(first, second)
    brokers.wait(lambda: brokers.all_know_one_another() and brokers.all_copies_are_in_sync())
    with Sender(brokers.settings) as after:
        brokers.wait(lambda: len(after.acknowledged) > 100)
    values = _read_all(brokers.settings)
    assert going_on.acknowledged | after.acknowledged <= set(values), "nothing acknowledged is lost"
    twice = {value for value, times in Counter(values).items() if times > 1}
    assert all(map(told.sent, twice)), "only what was never acknowledged may be there twice"


def _pause(brokers: Brokers, sender: Sender, killed: int) -> float:
    """Seconds until what the killed node led is led by another, and records are acknowledged again."""
    since = monotonic()
    brokers.wait(lambda: _leader(brokers.settings) not in (killed, -1), RECOVERY_TIMEOUT_S)
    elected = len(sender.acknowledged)
    brokers.wait(lambda: len(sender.acknowledged) > elected + 500, RECOVERY_TIMEOUT_S)
    return monotonic() - since
