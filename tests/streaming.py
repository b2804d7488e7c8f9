"""The streaming job as a process over a topic and a database of its own."""

import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import orjson
import psycopg
from confluent_kafka import KafkaError, Message, Producer

from core import kafka, postgres
from core.clock import to_iso8601
from core.settings import Settings
from spark_jobs.checkpoint_lock import lock_checkpoint
from stack.host.waiting import wait_until
from tests.processes import Started
from tests.truth import COUNTED, Connection, Event

LAST_OFFSETS = """
    SELECT DISTINCT ON (query_name) offsets_to FROM ops.stream_batch ORDER BY query_name, committed_at DESC
"""
Headers = list[tuple[str, bytes]]
LIMIT_S = 240.0
"""A start of Spark included, on a machine that is busy."""


OPTIONAL: dict[str, tuple[Any, ...]] = {
    "paymentMethod": ("card", "momo", " MoMo ", "cod", 7, None),
    "channel": ("web", "app", "a b", {"name": "web"}),
    "country": ("VN", "us", ""),
    "failureReason": ("insufficient_funds", "x" * 31),
}
"""Values of the optional fields, known and unknown."""


def make_event(random: Random, age: timedelta = timedelta(0), now: datetime | None = None) -> Event:
    """A valid event that happened `age` ago."""
    currency = random.choice(("VND", "USD"))
    cents = 0 if currency == "VND" else random.randrange(100)
    return {
        "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "eventTime": to_iso8601((now or datetime.now(UTC)) - age),
        "eventType": random.choice(list(COUNTED)),
        "orderId": f"ORD{random.randrange(100_000, 1_000_000)}",
        "userId": f"USR{random.randrange(1000, 10_000)}",
        "amount": random.randrange(1, 10_000) + cents / 100,
        "currency": currency,
        "status": "success",
        **{name: random.choice(values) for name, values in OPTIONAL.items() if random.random() < 0.5},
    }


@dataclass(frozen=True)
class Sent:
    """An acknowledged record: where Kafka put it."""

    partition: int
    offset: int
    value: bytes | None


@dataclass
class Stream:
    """A job with its settings, and what was sent to it: all records and the distinct events among them."""

    settings: Settings
    folder: Path
    records: list[Sent] = field(default_factory=list)
    events: dict[str, Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.job = Started(self.settings, "spark_stream", self.folder, _stop_signal())
        self.new_producer()

    def new_producer(self) -> None:
        """A producer that knows nothing of what was sent before."""
        options: dict[str, str | bool | int] = {
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": "zstd",
            "message.max.bytes": 300_000_000,
            "queue.buffering.max.kbytes": 400_000,
            "log_level": 0,
        }
        self._producer = Producer(kafka.client_config(self.settings.kafka, **options))

    def send(
        self,
        values: Iterable[bytes | None],
        partition: int | None = None,
        kafka_time: datetime | None = None,
        headers: Headers | None = None,
    ) -> list[Sent]:
        """Send records, over all partitions in turn or to one, and wait until Kafka has them.

        `kafka_time` counts only on a topic whose times the producer gives.
        """
        acknowledged: list[Sent] = []

        def note(value: bytes | None, error: KafkaError | None, message: Message) -> None:
            assert error is None, error
            place, offset = message.partition(), message.offset()
            assert place is not None
            assert offset is not None
            acknowledged.append(Sent(place, offset, value))

        stamp_ms = 0 if kafka_time is None else int(kafka_time.timestamp() * 1000)
        for index, value in enumerate(values):
            place = index % 3 if partition is None else partition
            self._produce(value, place, stamp_ms, headers or [], partial(note, value))
        assert self._producer.flush(30) == 0
        self.records += acknowledged
        return acknowledged

    def _produce(
        self,
        value: bytes | None,
        partition: int,
        stamp_ms: int,
        headers: Headers,
        note: Callable[[KafkaError | None, Message], None],
    ) -> None:
        """Hand a record to the producer, once its queue has room for it."""
        while True:
            try:
                self._producer.produce(
                    self.settings.kafka.topic,
                    value,
                    partition=partition,
                    timestamp=stamp_ms,
                    headers=[*headers],
                    on_delivery=note,
                )
            except BufferError:
                self._producer.poll(1)
            else:
                self._producer.poll(0)
                return

    def send_events(
        self, events: Iterable[Event], partition: int | None = None, kafka_time: datetime | None = None
    ) -> None:
        """Send events that must be accepted, or are duplicates of such."""
        events = list(events)
        self.events |= {event["id"]: event for event in events}
        self.send([orjson.dumps(event) for event in events], partition, kafka_time)

    @contextmanager
    def transaction(self) -> Iterator[Producer]:
        """A producer with an open transaction, which the caller commits or takes back."""
        options: dict[str, str | int] = {"transactional.id": uuid.uuid4().hex, "log_level": 0}
        producer = Producer(kafka.client_config(self.settings.kafka, **options))
        producer.init_transactions(30)
        producer.begin_transaction()
        yield producer

    def connect(self) -> Connection:
        """An autocommit connection to the job's database."""
        return postgres.connect(self.settings.postgres, autocommit=True)

    def kill(self) -> None:
        """`kill -9` of the driver; returns when its JVM, which ends by itself, has ended too."""
        self.job.kill()
        os.close(lock_checkpoint(self.settings.checkpoint_dir, LIMIT_S))

    def wait(self, condition: Callable[[], bool]) -> None:
        """Return once `condition` holds; fail with the job's log where the job ends or the time runs out."""
        process = self.job.process
        assert process is not None, "started"
        assert wait_until(lambda: process.poll() is not None or condition(), LIMIT_S), self.job.tail()
        assert process.poll() is None, self.job.tail()

    def wait_consumed(self) -> None:
        """Return once both queries have committed all that is in the topic."""
        ends = kafka.end_offsets(self.settings.kafka, self.settings.kafka.topic)

        def consumed() -> bool:
            offsets = [row[0] for row in self.rows(LAST_OFFSETS)]
            return offsets == [{str(partition): end for partition, end in ends.items()}] * 2

        self.wait(consumed)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query; none while the database is away."""
        try:
            with self.connect() as connection:
                return connection.execute(query.encode()).fetchall()
        except psycopg.OperationalError:
            return []

    def value(self, query: str) -> Any:
        """The first value of a query; None where there is none."""
        rows = self.rows(query)
        return rows[0][0] if rows else None

    def logged(self, text: str) -> int:
        """How often the job's log holds `text`."""
        return self.job.log.read_text(encoding="utf-8", errors="replace").count(text)

    def wait_logged(self, text: str, times: int = 1) -> None:
        """Return once the job's log holds `text` so often."""
        self.wait(lambda: self.logged(text) >= times)

    def wait_exit(self, timeout_s: float = 60) -> int:
        """The job's exit code, once it has ended by itself."""
        process = self.job.process
        assert process is not None, "started"
        assert wait_until(lambda: process.poll() is not None, timeout_s), self.job.tail()
        return int(process.returncode)


def _stop_signal() -> Any:
    from stack.local.programs import program

    return program("spark_stream").stop_signal
