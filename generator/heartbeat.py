"""A thread that writes the generator's heartbeat once a second, and reads the desired rate.

If the database is down, the generator continues, and one line is logged.
"""

from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Any, Self

import psycopg

from control.heartbeat import INTERVAL_S, HeartbeatWriter
from core.settings import PostgresSettings
from core.tables import SERVICE
from generator.producer import RecordProducer

NAME = "generator"
WANTED = f"SELECT rate FROM {SERVICE.name} WHERE name = %s"  # noqa: S608  # names from core.tables


class HeartbeatThread:
    """Writes the producer's counters to `ops.heartbeat` and reads the desired rate."""

    def __init__(self, settings: PostgresSettings, producer: RecordProducer, rate: float) -> None:
        """`rate` (records a second) applies until `ops.service` sets another; 0 always applies."""
        self._heartbeat = HeartbeatWriter(NAME, settings)
        self._producer = producer
        self._own_rate = rate
        self._asked_rate: float | None = None
        self._last = (monotonic(), 0)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    @property
    def wanted_rate(self) -> float:
        """The desired rate in records a second."""
        return (self._asked_rate or self._own_rate) if self._own_rate else 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=INTERVAL_S)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.is_set()
            connection = self._heartbeat.beat(self._progress())
            if connection is not None:
                with suppress(psycopg.Error):  # the next beat logs it
                    row = connection.execute(WANTED.encode(), (NAME,)).fetchone()
                    self._asked_rate = row[0] if row else None
            self._stop.wait(INTERVAL_S)

    def _progress(self) -> dict[str, Any]:
        now, acknowledged = monotonic(), self._producer.acknowledged
        elapsed_s, gained = now - self._last[0], acknowledged - self._last[1]
        self._last = (now, acknowledged)
        return {
            "rate_wanted": self.wanted_rate,
            "rate_reached": round(gained / elapsed_s, 1) if elapsed_s > 0 else None,
            "acknowledged": acknowledged,
            "failed": self._producer.failed,
            "waiting": self._producer.waiting,
        }
