"""Records to Kafka: a request waits until all its records are acknowledged, or fails because some may not have arrived.

A record that was given up may still arrive: the sender sends it again, and the stream counts its id once.
"""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from core.kafka import producer_config
from core.kafka_refusal import refusal
from core.logging import get_logger
from core.settings import Settings
from intake.problems import UnavailableError

MAX_WAITING = 20_000
"""Records without an acknowledgement; a request that would exceed it gets a 503."""

STALLED_AFTER_S = 2.0
"""Silence of the broker, in seconds, after which new requests are refused at once."""

POLL_S = 0.1
LARGEST_RECORD_BYTES = 1_000_000
"""Of a value: below the broker's limit, even if it does not compress."""

TUNING: dict[str, str | float | bool] = {
    "queue.buffering.max.messages": 2 * MAX_WAITING,
    "queue.buffering.max.kbytes": 131_072,
    "message.max.bytes": LARGEST_RECORD_BYTES + 40_000,
}
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """What is written to the topic."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class _Delivery:
    """The acknowledgements of one request's records; they come on the thread that polls."""

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = count
        self._lock = threading.Lock()
        self._well = True
        self.done: asyncio.Future[bool] = self._loop.create_future()

    def note(self, count: int = 1, *, well: bool) -> None:
        """Count records that were acknowledged, or not."""
        with self._lock:
            self._left -= count
            self._well = self._well and well
            ended = self._left == 0
        if ended:
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.done.done():  # the request may have been cancelled
            self.done.set_result(self._well)


class Outlet:
    """Writes to one topic. `send` belongs to the event loop; the producer is polled on a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.kafka
        timeout_ms = int(settings.intake.ack_timeout_s * 1000)
        self._config: dict[str, Any] = {
            **producer_config(settings.kafka, **TUNING, **{"message.timeout.ms": timeout_ms}),
            "error_cb": self._note_error,
        }
        self._producer = Producer(self._config)
        self._is_fatal = False
        self._closing = threading.Event()
        self._sent = 0
        self._reported = 0
        self._heard_at = monotonic()
        self._told: set[int] = set()
        self._poller = threading.Thread(target=self._poll, name="kafka", daemon=True)
        self._poller.start()

    @property
    def waiting(self) -> int:
        """Records whose acknowledgement is outstanding."""
        return self._sent - self._reported

    @property
    def stalled(self) -> bool:
        """Whether records wait and the broker has been silent for 2 seconds."""
        return self.waiting > 0 and monotonic() - self._heard_at > STALLED_AFTER_S

    async def send(self, records: Sequence[Record]) -> None:
        """Return once Kafka has acknowledged all of them. Raises `UnavailableError`: send them again."""
        if not records:
            return
        if self.stalled or self.waiting + len(records) > MAX_WAITING:
            raise UnavailableError(
                "Kafka does not answer at present. Nothing was acknowledged: send it again."
            )
        if self.waiting == 0:
            self._heard_at = monotonic()
        delivery = _Delivery(len(records))

        def delivered(error: KafkaError | None, _: Message) -> None:
            self._reported += 1
            if error is None:
                self._heard_at = monotonic()
                self._told.clear()
            else:
                self._note_error(error)
            delivery.note(well=error is None)

        for number, record in enumerate(records):
            try:
                self._produce(record, delivered)
            except (BufferError, KafkaException) as error:
                if isinstance(error, KafkaException):
                    self._note_error(error.args[0])
                delivery.note(len(records) - number, well=False)
                break
            self._sent += 1
        if not await delivery.done:
            raise UnavailableError("Kafka did not acknowledge it in time. Send it again.")

    def close(self) -> None:
        """Wait for outstanding acknowledgements, as long as a request would, and end the thread."""
        self._closing.set()
        self._poller.join()
        log.info("intake.stopped", waiting=self.waiting)

    def _produce(self, record: Record, delivered: Any) -> None:
        self._producer.produce(
            self._settings.topic,
            record.value,
            record.key,
            headers=list(record.headers),
            on_delivery=delivered,
        )

    def _poll(self) -> None:
        """The thread: takes reports, replaces a producer that cannot continue, flushes at the end."""
        while not self._closing.is_set():
            self._producer.poll(POLL_S)
            if self._is_fatal:
                self._replace()
        self._producer.flush()

    def _replace(self) -> None:
        former, self._producer = self._producer, Producer(self._config)
        self._is_fatal = False
        former.purge()
        former.flush()

    def _note_error(self, error: KafkaError) -> None:
        """Log each kind of error once, until a record is acknowledged again."""
        if error.fatal():
            self._is_fatal = True
        if error.code() in self._told:
            return
        self._told.add(error.code())
        refused = refusal(self._settings, error)
        log.warning("kafka.unavailable", error=str(refused) if refused is not None else error.str())
