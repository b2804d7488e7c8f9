"""Whether the one program of a container is well, for the container's health check."""

import psycopg

from core import postgres, service_process
from core.settings import Settings
from stack.health import HEARTBEAT_LIMIT_S, health
from stack.programs import SERVICES

__all__ = ["verdict"]

SILENCE = """
    SELECT extract(epoch FROM clock_timestamp() - heartbeat.beat_at)::float8
    FROM ops.heartbeat AS heartbeat JOIN ops.service_process AS process USING (name)
    WHERE name = %s AND heartbeat.pid = process.pid AND heartbeat.started_at >= process.started_at
"""


def verdict(settings: Settings, name: str) -> str:
    """`healthy`, or in a few words why not. A service that is stopped on purpose is well."""
    return _served(settings, name) if name in SERVICES else health(settings, name, None)


def _served(settings: Settings, name: str) -> str:
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            said = service_process.read(connection, name)
            silence = connection.execute(SILENCE, (name,)).fetchone()
    except psycopg.Error:
        return "unknown: what its runner says is in the database, which does not answer"
    if said is None or not said.speaks:
        return "unhealthy: its runner is silent"
    if said.state in ("stopped", "stopping"):
        return "healthy"
    if said.state != "running" or silence is None:
        return f"{said.state}: no heartbeat yet"
    silent_s: float = silence[0]
    return "healthy" if silent_s < HEARTBEAT_LIMIT_S else f"unhealthy: silent for {silent_s:.0f} s"
