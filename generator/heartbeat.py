"""A side thread that says once a second how the generator is, and reads the wanted rate.

The database may come and go: the generator does not notice, the log says so once.
"""

import os
from datetime import datetime
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.logging import get_logger
from core.postgres import connect
from core.settings import PostgresSettings
from core.tables import HEARTBEAT, SERVICE
from generator.producer import RecordProducer

__all__ = ["Heartbeat"]

NAME = "generator"
INTERVAL_S = 1.0
BEAT = f"""
    INSERT INTO {HEARTBEAT.name} (name, pid, started_at, beat_at, progress)
    VALUES (%s, %s, %s, clock_timestamp(), %s)
    ON CONFLICT (name) DO UPDATE SET
        pid = excluded.pid, started_at = excluded.started_at,
        beat_at = excluded.beat_at, progress = excluded.progress
"""  # noqa: S608  # names from core.tables
WANTED = f"SELECT rate FROM {SERVICE.name} WHERE name = %s"  # noqa: S608


class Heartbeat:
    """Writes the producer's counters to `ops.heartbeat` and knows the rate that is wanted."""

    def __init__(self, settings: PostgresSettings, producer: RecordProducer, rate: float) -> None:
        """`rate` (records a second) holds until `ops.service` asks for another; 0 always holds."""
        self._settings = settings
        self._producer = producer
        self._own_rate = rate
        self._asked_rate: float | None = None
        self._started_at: datetime = utc_now()
        self._last = (monotonic(), 0)
        self._stop = Event()
        self._log = get_logger("heartbeat")
        self._silent = False
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    @property
    def wanted_rate(self) -> float:
        """Records a second that people want now."""
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
        while not self._stop.is_set():
            try:
                with connect(self._settings, autocommit=True) as connection:
                    self._beat_until_stopped(connection)
            except psycopg.Error as error:
                self._note_silence(error)
                self._stop.wait(INTERVAL_S)

    def _beat_until_stopped(self, connection: psycopg.Connection[Any]) -> None:
        while True:
            stopping = self._stop.is_set()
            connection.execute(BEAT, (NAME, os.getpid(), self._started_at, Jsonb(self._progress())))
            row = connection.execute(WANTED, (NAME,)).fetchone()
            self._asked_rate = row[0] if row else None
            if self._silent:
                self._silent = False
                self._log.info("the database is back")
            if stopping:
                return
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

    def _note_silence(self, error: psycopg.Error) -> None:
        if not self._silent:
            self._silent = True
            self._log.warning("no heartbeat: the database cannot be used", error=str(error).strip())
