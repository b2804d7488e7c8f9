"""One run of the generator: producer, heartbeat, acknowledgement list, summary line."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import typer

from core.settings import Settings
from generator.ack_log import AckLog
from generator.heartbeat import HeartbeatThread
from generator.producer import RecordProducer
from generator.stopping import StopFlag

FLUSH_LIMIT_S = 10.0
"""How long the end of a run waits for acknowledgements."""

WantedRate = Callable[[], float]
Send = Callable[[RecordProducer, WantedRate, StopFlag], None]


@dataclass(frozen=True, slots=True)
class Destination:
    """Destinations: `topic` None is the setting, `ack_log` None writes no list."""

    topic: str | None = None
    ack_log: Path | None = None
    heartbeat: bool = True


def run_session(settings: Settings, outlet: Destination, rate: float, send: Send) -> int:
    """Run `send`, flush, print a summary. Returns the process's exit code.

    `rate` is records a second (0: no limit). Raises `BrokerError` and `SettingsError`.
    """
    stopping = StopFlag()
    stopping.install()
    with AckLog(outlet.ack_log) if outlet.ack_log else nullcontext() as ack_log:
        producer = RecordProducer(settings.kafka, outlet.topic or settings.kafka.topic, ack_log)
        heartbeat = HeartbeatThread(settings.postgres, producer, rate)
        try:
            if producer.wait_for_topic(stopping):
                with heartbeat if outlet.heartbeat else nullcontext():
                    send(producer, lambda: heartbeat.wanted_rate, stopping)
                    producer.flush(FLUSH_LIMIT_S, stopping.insisted)
        finally:
            _close(producer)
    return 0 if producer.failed == producer.waiting == 0 else 1


def _close(producer: RecordProducer) -> None:
    lost = producer.failed + producer.waiting
    line = f"{producer.acknowledged} records acknowledged, {lost} not acknowledged"
    if lost:
        line += f" ({producer.failed} refused, {producer.waiting} without an answer from Kafka)"
    typer.echo(line)
