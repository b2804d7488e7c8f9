"""What the runner of a service in a container of its own reports: the row of `ops.service_process`.

There is no process manager to ask there: `orderpulse serve NAME` runs beside the process, obeys `control.desired`
and reports here, and nobody needs a socket.
"""

from dataclasses import dataclass
from typing import Any, Literal

import psycopg

from control.limits import RUNNER_SILENT_S
from control.process_manager import Managed
from core.tables import SERVICE_PROCESS

State = Literal["starting", "running", "stopping", "backoff", "stopped", "fatal"]
"""Supervisor's names, as `control.process_manager` has them."""

HAS_PROCESS = ("starting", "running", "stopping")

_REPORT = f"""
    INSERT INTO {SERVICE_PROCESS.name} (name, host, state, pid, started_at, starts, restarts_done, failures, seen_at)
    VALUES (%(name)s, %(host)s, %(state)s, %(pid)s, to_timestamp(%(started_at)s), %(starts)s,
            %(restarts_done)s, %(failures)s, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET
        host = excluded.host, state = excluded.state, pid = excluded.pid, started_at = excluded.started_at,
        starts = excluded.starts, restarts_done = excluded.restarts_done,
        failures = excluded.failures, seen_at = excluded.seen_at
"""  # noqa: S608  # names from core.tables
_READ = f"""
    SELECT host, state, pid, extract(epoch FROM started_at)::float8,
           extract(epoch FROM clock_timestamp() - started_at)::float8, starts, restarts_done, failures,
           extract(epoch FROM clock_timestamp() - seen_at)::float8
    FROM {SERVICE_PROCESS.name} WHERE name = %s
"""  # noqa: S608  # names from core.tables


@dataclass(frozen=True, slots=True)
class RunnerStatus:
    """The status of a runner's process.

    `started_at` and `starts` in Unix time; `starts`: all since a start was last requested, so every one but the
    first is an automatic restart. `restarts_done`: the number of the last requested restart that was carried out.
    `failures`: consecutive failures without progress. `silent_s`: the age of the report.
    """

    host: str
    state: State
    pid: int | None
    started_at: float | None
    starts: tuple[float, ...]
    restarts_done: int
    failures: int = 0
    uptime_s: float = 0.0
    silent_s: float = 0.0

    @property
    def is_current(self) -> bool:
        """Whether the runner is still there."""
        return self.silent_s < RUNNER_SILENT_S

    def managed(self) -> Managed:
        """The same as a process manager would report it; "unknown" if the runner is silent."""
        if not self.is_current:
            return Managed("unknown", None, 0, going=False)
        uptime_s = int(self.uptime_s) if self.state in HAS_PROCESS else 0
        return Managed(self.state, self.pid, max(0, uptime_s), going=self.state in ("starting", "running"))


def report_status(connection: psycopg.Connection[Any], name: str, status: RunnerStatus) -> None:
    """Write the status of the runner of service `name`."""
    values = {
        "name": name,
        "host": status.host,
        "state": status.state,
        "pid": status.pid,
        "started_at": status.started_at,
        "starts": list(status.starts),
        "restarts_done": status.restarts_done,
        "failures": status.failures,
    }
    connection.execute(_REPORT, values)


def read_status(connection: psycopg.Connection[Any], name: str) -> RunnerStatus | None:
    """The last report of the service's runner; None if there never was one."""
    row = connection.execute(_READ, (name,)).fetchone()
    if row is None:
        return None
    host, state, pid, started_at, uptime_s, starts, restarts_done, failures, silent_s = row
    return RunnerStatus(
        host, state, pid, started_at, tuple(starts), restarts_done, failures, uptime_s or 0.0, silent_s
    )
