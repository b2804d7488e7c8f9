"""Handles on the two processes that people start and stop: the generator and the stream.

A handle holds no state: its desired state is a row of `ops.service`, its heartbeat one of
`ops.heartbeat`, and its host knows whether it runs (architecture, "Who owns a process").
"""

import math
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

from control.desired import Desired, set_desired
from control.hosts import ProcessHost, process_host
from control.restarts import read_progressed_at
from control.state import ServiceState, read_services
from core import postgres
from core.errors import DatabaseError, SettingsError
from core.tables import SERVICE
from orchestration.resources import PlatformResource

MIN_RATE, MAX_RATE = 0.1, 100_000.0

ATTACH = f"""
    UPDATE {SERVICE.name} SET attached_run = %(run)s, attached_at = clock_timestamp()
    WHERE name = %(name)s AND (attached_run = %(run)s OR attached_run IS NOT DISTINCT FROM %(replaces)s)
"""  # noqa: S608  # names from core.tables
SET_RATE = f"UPDATE {SERVICE.name} SET rate = %s, updated_at = clock_timestamp() WHERE name = %s"  # noqa: S608


@dataclass(frozen=True, slots=True)
class ServiceStatus(ServiceState):
    """The desired state of a service, what its process last reported, and what its host reports.

    `state` is the host's own name for it, "unknown" if the host does not answer. `pid` is that of the process that lives now,
    `heartbeat_pid` that of the one that sent the last heartbeat. `restarts` are the Unix times of the restarts that
    nobody asked for, the oldest first. `failures`: how often it has failed in a row without progress;
    `progressed_at`: when it last made some, in Unix time.
    """

    state: str
    pid: int | None
    uptime_s: int
    restarts: tuple[float, ...]
    failures: int
    progressed_at: float | None

    @property
    def beats(self) -> bool:
        """Whether the last heartbeat is that of the process that lives now."""
        return self.pid is not None and self.heartbeat_pid == self.pid


class ServiceResource(PlatformResource):
    """One process: its status, and the ways to change it. Raises psycopg's errors if the database is away."""

    service: ClassVar[str]

    def status(self) -> ServiceStatus:
        """Everything that is known of it now. Raises `DatabaseError` if it has no row."""
        settings = self.settings
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            found = read_services(connection).get(self.service)
            progressed_at = read_progressed_at(connection, self.service)
        if found is None:
            raise DatabaseError(f"{SERVICE.name} has no row '{self.service}'; `orderpulse up` makes it.")
        report = self._host().report()
        is_own = report.since is None or (
            found.started_at is not None and found.started_at.timestamp() >= report.since
        )
        return ServiceStatus(
            **asdict(found if is_own else replace(found, heartbeat_pid=None)),
            state=report.managed.state,
            pid=report.managed.pid,
            uptime_s=report.managed.uptime_s,
            restarts=report.restarts,
            failures=report.failures,
            progressed_at=progressed_at,
        )

    def start(self, reason: str) -> None:
        """Want it running and start it; harmless if it runs. Raises `StackError` if it cannot start."""
        self._want("running", reason)
        self._host().start()

    def stop(self, reason: str, *, wait: bool = True) -> None:
        """Want it stopped and stop it, first gently, then its whole group; `wait` until it has ended.

        Raises `StackError` if it does not end in time.
        """
        self._want("stopped", reason)
        self._host().stop(wait=wait)

    def restart(self, reason: str) -> None:
        """End it and start it again, whatever it did before. Raises `StackError` if either fails."""
        self._want("running", reason)
        self._host().restart()

    def ensure_running(self) -> bool:
        """Start it because it is wanted, though nobody asked for it now; True if that was needed.

        The desired state and its reason stay.
        """
        return self._host().ensure_running()

    def ensure_stopped(self) -> None:
        """Stop it because it is not wanted, though nobody asked for that now. Returns at once."""
        self._host().ensure_stopped()

    def kill(self, pid: int) -> None:
        """SIGKILL the process `pid` with its group and all its children; its host starts it again.

        Does nothing if the service's process is another by now: that one has done no wrong.
        """
        self._host().kill(pid)

    def attach(self, run_id: str, replaces: str | None = None) -> bool:
        """Note that run `run_id` watches it. False if another run does by now, unless it is `replaces`."""
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            values = {"run": run_id, "name": self.service, "replaces": replaces}
            return connection.execute(ATTACH, values).rowcount == 1

    def _want(self, desired: Desired, reason: str) -> None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            set_desired(connection, self.service, desired, reason)

    def _host(self) -> ProcessHost:
        return process_host(self.settings, self.service)


class GeneratorResource(ServiceResource):
    """The generator of orders."""

    service: ClassVar[str] = "generator"

    def set_rate(self, events_per_s: float) -> None:
        """Ask for another rate; it holds within a second, and after a restart. Raises `SettingsError`."""
        if not (math.isfinite(events_per_s) and MIN_RATE <= events_per_s <= MAX_RATE):
            raise SettingsError(
                f"A rate of {events_per_s:g} events/s is not possible; "
                f"choose one from {MIN_RATE:g} to {MAX_RATE:,.0f}."
            )
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(SET_RATE, (events_per_s, self.service))


class SparkStreamResource(ServiceResource):
    """The streaming job: a Python driver and its JVM."""

    service: ClassVar[str] = "spark_stream"
