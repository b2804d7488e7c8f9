"""Is a program well? Asked of the program itself, not of the process manager."""

import psycopg

from core import kafka, postgres
from core.errors import OrderpulseError
from core.settings import Settings
from core.tables import HEARTBEAT

__all__ = ["HEARTBEAT_LIMIT_S", "health"]

ANSWER_TIMEOUT_S = 2.0
HEARTBEAT_LIMIT_S = 30
"""A program whose last heartbeat is older is alive but not well."""

LAST_BEAT = f"""
    SELECT pid, extract(epoch FROM clock_timestamp() - beat_at)::float8
    FROM {HEARTBEAT.name} WHERE name = %s
"""  # noqa: S608  # a constant name


def health(settings: Settings, name: str, pid: int | None) -> str:
    """`healthy`, or in a few words why the running program `name` is not (yet)."""
    try:
        if name == "postgres":
            postgres.wait_until_reachable(settings.postgres, ANSWER_TIMEOUT_S)
        elif name == "kafka":
            kafka.wait_until_reachable(settings.kafka, ANSWER_TIMEOUT_S)
        else:
            return _heartbeat(settings, name, pid)
    except OrderpulseError as error:
        return f"unhealthy: {error}"
    return "healthy"


def _heartbeat(settings: Settings, name: str, pid: int | None) -> str:
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            row = connection.execute(LAST_BEAT, (name,)).fetchone()
    except psycopg.Error:
        return "unknown: its heartbeat is in the database, which does not answer"
    if row is None or row[0] != pid:
        return "starting"
    return "healthy" if row[1] < HEARTBEAT_LIMIT_S else f"unhealthy: silent for {row[1]:.0f} s"
