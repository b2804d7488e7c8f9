"""How a failed service is restarted: at once after progress, otherwise after pauses that grow to five minutes.

The platform never gives up: the cause may be fixed elsewhere, without anybody touching the platform. The process
manager of one machine and `orderpulse serve` in a container both follow these rules.
"""

import time
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from control.heartbeat import read_heartbeat
from core.tables import STREAM_BATCH

LONGEST_PAUSE_S = 300.0

_LAST_COMMIT = f"""
    SELECT extract(epoch FROM clock_timestamp() - committed_at)::float8
    FROM {STREAM_BATCH.name} ORDER BY committed_at DESC LIMIT 1
"""  # noqa: S608  # names from core.tables


def read_progressed_at(connection: psycopg.Connection[Any], service: str) -> float | None:
    """When a service last made progress: committed a batch, or had records acknowledged. Unix time; None: never."""
    if service == "generator":
        heartbeat = read_heartbeat(connection, service)
        return time.time() - heartbeat.age_s if heartbeat and heartbeat.progress.get("acknowledged") else None
    row = connection.cursor(row_factory=tuple_row).execute(_LAST_COMMIT).fetchone()
    return None if row is None else time.time() - row[0]


def got_somewhere(started_at: float, until: float, progressed_at: float | None) -> bool:
    """Whether a process that was started at `started_at` and lived at least `until` then has made progress.

    One that lived for as long as the longest pause has, too: it may have had nothing to do.
    """
    return until - started_at >= LONGEST_PAUSE_S or (
        progressed_at is not None and progressed_at >= started_at
    )


def failures_in_a_row(before: int, started_at: float, ended_at: float, progressed_at: float | None) -> int:
    """How often it has failed without progress, now that a process has ended; `before`: until then."""
    return 0 if got_somewhere(started_at, ended_at, progressed_at) else before + 1


def pause_s(failures: int) -> float:
    """Seconds to wait before the next start: none after progress and after the first failure, then 1, 2, 4 ... 300."""
    return 0.0 if failures < 2 else min(2.0 ** (min(failures, 20) - 2), LONGEST_PAUSE_S)
