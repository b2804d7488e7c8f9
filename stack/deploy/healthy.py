"""Health of a runner's service, by its rows in the database; the runner writes it for its container's health check."""

from typing import Any

import psycopg

from control.heartbeat import read_heartbeat
from control.judge import process_health
from control.runner_status import read_status

NO_DATABASE = "unknown: the state is in the database, which does not respond"


def verdict(connection: psycopg.Connection[Any], name: str, hang_s: float) -> str:
    """`healthy`, or a short reason. A service that is stopped on purpose is healthy."""
    status, heartbeat = read_status(connection, name), read_heartbeat(connection, name)
    if status is None or not status.is_current:
        return "unhealthy: its runner does not report"
    if status.state in ("stopped", "stopping"):
        return "healthy"
    if status.state == "backoff":
        return f"backoff: failed {status.failures} times in a row, waiting before the next start"
    if status.state != "running":
        return f"{status.state}: no heartbeat yet"
    is_own = (
        heartbeat is not None
        and heartbeat.pid == status.pid
        and heartbeat.started_at.timestamp() >= (status.started_at or 0.0)
    )
    return process_health(name, heartbeat if is_own else None, status.uptime_s, hang_s)
