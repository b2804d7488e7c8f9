"""A service in a container of its own: what is asked of it and what it says, in two tables.

There is no process manager to ask there. `orderpulse serve NAME` runs beside the process, obeys the
service's row of `ops.service` and keeps that of `ops.service_process`, and nobody needs a socket.
"""

from dataclasses import dataclass
from typing import Any, Literal

import psycopg

from core.errors import DatabaseError
from core.process_manager import Managed
from core.tables import SERVICE, SERVICE_PROCESS

__all__ = ["SILENT_S", "Said", "State", "Wish", "ask_kill", "ask_restart", "read", "say", "wanted"]

State = Literal["starting", "running", "stopping", "backoff", "stopped", "fatal"]
"""In the words of supervisor, as `core.process_manager` has them."""

SILENT_S = 10.0
"""A runner speaks twice a second; what it said longer ago says nothing of now."""

SAY = f"""
    INSERT INTO {SERVICE_PROCESS.name} (name, host, state, pid, started_at, starts, restarts_done, seen_at)
    VALUES (%(name)s, %(host)s, %(state)s, %(pid)s, to_timestamp(%(started_at)s), %(starts)s,
            %(restarts_done)s, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET
        host = excluded.host, state = excluded.state, pid = excluded.pid, started_at = excluded.started_at,
        starts = excluded.starts, restarts_done = excluded.restarts_done, seen_at = excluded.seen_at
"""  # noqa: S608  # names from core.tables
WISH = f"SELECT desired, restarts_asked, kills_asked FROM {SERVICE.name} WHERE name = %s"  # noqa: S608
READ = f"""
    SELECT host, state, pid, extract(epoch FROM started_at)::float8,
           extract(epoch FROM clock_timestamp() - started_at)::float8, starts, restarts_done,
           extract(epoch FROM clock_timestamp() - seen_at)::float8
    FROM {SERVICE_PROCESS.name} WHERE name = %s
"""  # noqa: S608
ASK_RESTART = f"""
    UPDATE {SERVICE.name} SET restarts_asked = restarts_asked + 1 WHERE name = %s RETURNING restarts_asked
"""  # noqa: S608
ASK_KILL = f"""
    UPDATE {SERVICE.name} SET kills_asked = kills_asked + 1
    WHERE name = %(name)s AND EXISTS (
        SELECT 1 FROM {SERVICE_PROCESS.name} WHERE name = %(name)s AND pid = %(pid)s)
"""  # noqa: S608

LIVES = ("starting", "running", "stopping")


@dataclass(frozen=True, slots=True)
class Wish:
    """What people and Dagster want: the state, and how often a restart and a SIGKILL were asked for."""

    desired: Literal["running", "stopped"]
    restarts: int
    kills: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a runner says of its process.

    `started_at` and `starts` in Unix time; `starts`: all since somebody asked for one, so all but the
    first are restarts that nobody asked for. `restarts_done`: the last asked-for restart that it obeyed.
    """

    host: str
    state: State
    pid: int | None
    started_at: float | None
    starts: tuple[float, ...]
    restarts_done: int
    uptime_s: float = 0.0
    silent_s: float = 0.0

    @property
    def speaks(self) -> bool:
        """Whether the runner is there to say it."""
        return self.silent_s < SILENT_S

    def managed(self) -> Managed:
        """The same as a process manager would say it; "unknown" where the runner is silent."""
        if not self.speaks:
            return Managed("unknown", None, 0, going=False)
        uptime_s = int(self.uptime_s) if self.state in LIVES else 0
        return Managed(self.state, self.pid, max(0, uptime_s), going=self.state in ("starting", "running"))


def say(connection: psycopg.Connection[Any], name: str, said: Said) -> Wish:
    """Write what the runner says, return what is wanted of it. Raises `DatabaseError` where it has no row."""
    values = {
        "name": name,
        "host": said.host,
        "state": said.state,
        "pid": said.pid,
        "started_at": said.started_at,
        "starts": list(said.starts),
        "restarts_done": said.restarts_done,
    }
    wish = wanted(connection, name)
    connection.execute(SAY, values)
    return wish


def wanted(connection: psycopg.Connection[Any], name: str) -> Wish:
    """What is wanted of the service. Raises `DatabaseError` where it has no row."""
    row = connection.execute(WISH, (name,)).fetchone()
    if row is None:
        raise DatabaseError(f"{SERVICE.name} has no row '{name}'; `orderpulse db migrate` makes it.")
    return Wish(*row)


def read(connection: psycopg.Connection[Any], name: str) -> Said | None:
    """What the service's runner last said; None where there never was one."""
    row = connection.execute(READ, (name,)).fetchone()
    if row is None:
        return None
    host, state, pid, started_at, uptime_s, starts, restarts_done, silent_s = row
    return Said(host, state, pid, started_at, tuple(starts), restarts_done, uptime_s or 0.0, silent_s)


def ask_restart(connection: psycopg.Connection[Any], name: str) -> int:
    """Ask for a restart; returns its number, which the runner says when the former process has ended."""
    row = connection.execute(ASK_RESTART, (name,)).fetchone()
    if row is None:
        raise DatabaseError(f"{SERVICE.name} has no row '{name}'; `orderpulse db migrate` makes it.")
    number: int = row[0]
    return number


def ask_kill(connection: psycopg.Connection[Any], name: str, pid: int) -> None:
    """Ask for a SIGKILL of the process, unless it is another by now."""
    connection.execute(ASK_KILL, {"name": name, "pid": pid})
