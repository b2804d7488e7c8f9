"""Sends records to Kafka and counts each as acknowledged, failed or waiting.

The producer is idempotent with `acks=all` and never drops a record: while the
broker is down, records wait in a bounded buffer and are sent once it is back.
"""

from collections.abc import Callable
from functools import partial
from time import monotonic

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from core.errors import BrokerError
from core.events import MAX_RECORD_BYTES
from core.kafka import producer_config
from core.kafka_refusal import refusal
from core.logging import get_logger
from core.settings import KafkaSettings
from generator.ack_log import AckLog
from generator.records import Record

LONGEST_BUFFER = 100_000
"""Maximum records that wait for their acknowledgement."""

STALLED_AFTER_S = 2.0
"""Seconds without a response of the broker after which no new records should be created."""

MAX_POLL_S = 0.1
"""Short, so that signals are handled soon."""

TUNING: dict[str, str | int | float | bool] = {
    "message.timeout.ms": 0,
    "queue.buffering.max.messages": LONGEST_BUFFER,
    "queue.buffering.max.kbytes": 262_144,
    "batch.num.messages": 10_000,
    "message.max.bytes": 2 * MAX_RECORD_BYTES,  # some records that are invalid on purpose are too large
}


class RecordProducer:
    """Sends records to one topic, from one thread; other threads may read the counters."""

    def __init__(self, settings: KafkaSettings, topic: str, ack_log: AckLog | None = None) -> None:
        self.acknowledged = 0
        self.failed = 0
        self.waiting = 0
        self._settings = settings
        self._topic = topic
        self._ack_log = ack_log
        self._heard_at = monotonic()
        self._log = get_logger("producer")
        self._fatal: BrokerError | None = None
        self._producer = Producer(producer_config(settings, **TUNING) | {"error_cb": self._note_error})

    def wait_for_topic(self, give_up: Callable[[], bool]) -> bool:
        """Wait until the broker has the topic; False if `give_up` returned true first.

        Raises `BrokerError` if the broker refuses the login, or has no such topic.
        """
        waited = False
        while not give_up():
            try:
                metadata = self._producer.list_topics(self._topic, timeout=1.0).topics[self._topic]
            except KafkaException:
                if not waited:
                    self._log.warning("waiting for Kafka", bootstrap_servers=self._settings.bootstrap_servers)
                waited = True
                self.poll(0)  # receives the reason, if there is one
                continue
            if metadata.error is not None:
                self._note_error(metadata.error)
                self._raise_fatal()
                raise BrokerError(f"The topic {self._topic} does not exist; `orderpulse up` creates it.")
            return True
        return False

    def send(self, record: Record, give_up: Callable[[], bool]) -> bool:
        """Queue `record`, waiting while the buffer is full; False if `give_up` returned true first.

        A record too large for Kafka (1 MB) counts as failed. Raises `BrokerError` if the client cannot continue.
        """
        on_delivery = (
            self._delivered if self._ack_log is None else partial(self._delivered_and_logged, record)
        )
        while True:
            try:
                self._producer.produce(self._topic, record.value, record.key, on_delivery=on_delivery)
            except BufferError:
                self.poll_soon()
                if give_up():
                    return False
                continue
            except KafkaException as error:
                if error.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE:
                    self._note_failure(error.args[0])
                    return True
                self._note_error(error.args[0])
                self.poll(0)  # receives the reason, if there is one, and raises it
                raise
            if self.waiting == 0:
                self._heard_at = monotonic()
            self.waiting += 1
            return True

    def poll(self, timeout_s: float) -> None:
        """Handle delivery reports; return after the first ones, or after `timeout_s` (at most 0.1) seconds.

        Raises `BrokerError` if the client cannot continue.
        """
        try:
            self._producer.poll(min(timeout_s, MAX_POLL_S))
        except KafkaException as error:
            self._note_error(error.args[0])
        if self._ack_log is not None:
            self._ack_log.write_round()
        self._raise_fatal()

    def poll_soon(self) -> None:
        """Handle delivery reports for at most a tenth of a second."""
        self.poll(MAX_POLL_S)

    @property
    def stalled(self) -> bool:
        """Whether records wait and the broker has not responded for 2 seconds."""
        return self.waiting > 0 and monotonic() - self._heard_at > STALLED_AFTER_S

    def flush(self, timeout_s: float, give_up: Callable[[], bool]) -> None:
        """Wait for the outstanding delivery reports, `timeout_s` seconds at most."""
        deadline = monotonic() + timeout_s
        while self.waiting and monotonic() < deadline and not give_up():
            self.poll_soon()

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        self.waiting -= 1
        self._heard_at = monotonic()
        if error is None:
            self.acknowledged += 1
            return
        self._note_error(error)
        self._note_failure(error)

    def _delivered_and_logged(self, record: Record, error: KafkaError | None, message: Message) -> None:
        self._delivered(error, message)
        if error is None and self._ack_log is not None:
            self._ack_log.add(record, self._topic, message.partition() or 0, message.offset() or 0)

    def _note_failure(self, error: KafkaError) -> None:
        self.failed += 1
        if self.failed == 1:
            self._log.error("a record was not accepted", error=error.str(), topic=self._topic)

    def _note_error(self, error: KafkaError) -> None:
        refused = refusal(self._settings, error)
        if refused is not None:
            self._fatal = refused
        elif error.fatal():
            self._fatal = BrokerError(f"The producer for {self._topic} cannot continue: {error.str()}")

    def _raise_fatal(self) -> None:
        if self._fatal is not None:
            raise self._fatal
