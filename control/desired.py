"""The desired state of a service: the row of `ops.service` that people and Dagster write and its process host obeys."""

from dataclasses import dataclass
from typing import Any, Literal

import psycopg

from core.errors import DatabaseError
from core.tables import SERVICE, SERVICE_PROCESS

Desired = Literal["running", "stopped"]

_READ = f"SELECT desired, restarts_asked, kills_asked FROM {SERVICE.name} WHERE name = %s"  # noqa: S608  # names from core.tables
_SET = f"""
    UPDATE {SERVICE.name} SET desired = %s, reason = %s, updated_at = clock_timestamp() WHERE name = %s
"""  # noqa: S608  # names from core.tables
_REQUEST_RESTART = f"""
    UPDATE {SERVICE.name} SET restarts_asked = restarts_asked + 1 WHERE name = %s RETURNING restarts_asked
"""  # noqa: S608  # names from core.tables
_REQUEST_KILL = f"""
    UPDATE {SERVICE.name} SET kills_asked = kills_asked + 1
    WHERE name = %(name)s AND EXISTS (
        SELECT 1 FROM {SERVICE_PROCESS.name} WHERE name = %(name)s AND pid = %(pid)s)
"""  # noqa: S608  # names from core.tables


@dataclass(frozen=True, slots=True)
class DesiredState:
    """Whether the service should run, and how many restarts and SIGKILLs have been requested so far."""

    desired: Desired
    restarts: int
    kills: int


def read_desired(connection: psycopg.Connection[Any], name: str) -> DesiredState:
    """The desired state of the service. Raises `DatabaseError` if it has no row."""
    row = connection.execute(_READ, (name,)).fetchone()
    if row is None:
        raise _no_row(name)
    return DesiredState(*row)


def set_desired(connection: psycopg.Connection[Any], name: str, desired: Desired, reason: str) -> None:
    """Set the desired state of the service, and why a person or Dagster wants it."""
    connection.execute(_SET, (desired, reason, name))


def request_restart(connection: psycopg.Connection[Any], name: str) -> int:
    """Request a restart; returns its number, which the runner reports once the previous process has ended."""
    row = connection.execute(_REQUEST_RESTART, (name,)).fetchone()
    if row is None:
        raise _no_row(name)
    number: int = row[0]
    return number


def request_kill(connection: psycopg.Connection[Any], name: str, pid: int) -> None:
    """Request a SIGKILL of process `pid`, unless the service has another process by now."""
    connection.execute(_REQUEST_KILL, {"name": name, "pid": pid})


def _no_row(name: str) -> DatabaseError:
    return DatabaseError(f"{SERVICE.name} has no row '{name}'; `orderpulse db migrate` creates it.")
