"""The heartbeat of a process: one row of `ops.heartbeat`, written every second, by the database's clock."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from core import postgres
from core.clock import utc_now
from core.logging import get_logger
from core.settings import PostgresSettings
from core.tables import HEARTBEAT

log = get_logger(__name__)

INTERVAL_S = 1.0

_WRITE = f"""
    INSERT INTO {HEARTBEAT.name} (name, pid, started_at, beat_at, progress)
    VALUES (%s, %s, %s, clock_timestamp(), %s)
    ON CONFLICT (name) DO UPDATE SET
        pid = excluded.pid, started_at = excluded.started_at,
        beat_at = excluded.beat_at, progress = excluded.progress
"""  # noqa: S608  # names from core.tables
_READ = f"""
    SELECT pid, started_at, extract(epoch FROM clock_timestamp() - beat_at)::float8, progress
    FROM {HEARTBEAT.name} WHERE name = %s
"""  # noqa: S608  # names from core.tables


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last heartbeat under a name, `age_s` seconds old. `started_at`: by the clock of process `pid`."""

    pid: int
    started_at: datetime
    age_s: float
    progress: Mapping[str, Any]


class HeartbeatWriter:
    """Writes the heartbeat `name` of this process; logs once if the database is down, and retries at the next beat."""

    def __init__(self, name: str, settings: PostgresSettings) -> None:
        self._name = name
        self._settings = settings
        self._started_at = utc_now()
        self._connection: psycopg.Connection[Any] | None = None
        self._reachable = True

    def beat(self, progress: Mapping[str, Any]) -> psycopg.Connection[Any] | None:
        """Write one beat with `progress` (JSON). Returns the open connection; None if the database is down."""
        row = (self._name, os.getpid(), self._started_at, Jsonb(progress))
        try:
            if self._connection is None or self._connection.closed:
                self._connection = postgres.connect(self._settings, autocommit=True)
            self._connection.execute(_WRITE.encode(), row)
        except psycopg.Error as error:
            if self._reachable:
                log.warning("heartbeat.database_away", error=str(error).strip())
            self._connection, self._reachable = None, False
        else:
            self._reachable = True
        return self._connection


def read_heartbeat(connection: psycopg.Connection[Any], name: str) -> Heartbeat | None:
    """The last heartbeat under that name; None if there never was one."""
    row = connection.cursor(row_factory=tuple_row).execute(_READ, (name,)).fetchone()
    return None if row is None else Heartbeat(*row)
