"""Records to Kafka, each accounted for: acknowledged, failed or still waiting.

The producer is idempotent with `acks=all` and never gives a record up by itself: while the
broker is down records stay queued, in a bounded buffer, and go out once it is back.
"""

from collections.abc import Callable
from functools import partial
from time import monotonic

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from core.errors import BrokerError
from core.kafka import client_config
from core.kafka_refusal import refusal
from core.logging import get_logger
from core.settings import KafkaSettings
from generator.ack_log import AckLog
from generator.records import Record

__all__ = ["RecordProducer"]

LONGEST_BUFFER = 100_000
"""Records that may wait for their acknowledgement."""

STALLED_AFTER_S = 2.0
"""Silence of the broker, in seconds, after which no new records should be made."""

LONGEST_POLL_S = 0.1
"""So that a signal is seen soon."""

TUNING: dict[str, str | int | float | bool] = {
    "acks": "all",
    "enable.idempotence": True,
    "message.timeout.ms": 0,
    "queue.buffering.max.messages": LONGEST_BUFFER,
    "queue.buffering.max.kbytes": 262_144,
    "linger.ms": 2,
    "batch.num.messages": 10_000,
    "compression.type": "lz4",
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 500,
    "retry.backoff.max.ms": 500,
    "socket.keepalive.enable": True,
    "log_level": 0,
}


class RecordProducer:
    """Sends records to one topic. Only for one thread; the counters may be read by others."""

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
        self._producer = Producer(client_config(settings, **TUNING) | {"error_cb": self._note_error})

    def wait_for_topic(self, give_up: Callable[[], bool]) -> bool:
        """Wait until the broker knows the topic; False if `give_up` said so first.

        Raises `BrokerError` where the broker refuses us, or has no such topic.
        """
        waited = False
        while not give_up():
            try:
                metadata = self._producer.list_topics(self._topic, timeout=1.0).topics[self._topic]
            except KafkaException:
                if not waited:
                    self._log.warning("waiting for Kafka", bootstrap_servers=self._settings.bootstrap_servers)
                waited = True
                self.poll(0)  # takes the reason, where there is one
                continue
            if metadata.error is not None:
                self._note_error(metadata.error)
                self._raise_fatal()
                raise BrokerError(f"The topic {self._topic} does not exist; `orderpulse up` creates it.")
            return True
        return False

    def send(self, record: Record, give_up: Callable[[], bool]) -> bool:
        """Queue `record`. While the buffer is full it waits; False if `give_up` said so first.

        One that is too large for Kafka (1 MB) counts as failed. Raises `BrokerError` when the client cannot go on.
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
                self.poll(0)  # takes the reason, where there is one, and raises it
                raise
            if self.waiting == 0:
                self._heard_at = monotonic()
            self.waiting += 1
            return True

    def poll(self, timeout_s: float) -> None:
        """Take delivery reports; return with the first ones, or after `timeout_s` (at most 0.1) seconds.

        Raises `BrokerError` when the client cannot go on.
        """
        try:
            self._producer.poll(min(timeout_s, LONGEST_POLL_S))
        except KafkaException as error:
            self._note_error(error.args[0])
        if self._ack_log is not None:
            self._ack_log.write_round()
        self._raise_fatal()

    def poll_soon(self) -> None:
        """Wait for delivery reports for a tenth of a second at most."""
        self.poll(LONGEST_POLL_S)

    @property
    def stalled(self) -> bool:
        """True while records wait and the broker has been silent for 2 seconds."""
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
            self._fatal = BrokerError(f"The producer for {self._topic} cannot go on: {error.str()}")

    def _raise_fatal(self) -> None:
        if self._fatal is not None:
            raise self._fatal
