"""Handles on the two processes that people start and stop: the generator and the stream.

A handle holds no state: what is wanted is a row of `ops.service`, what the process says of itself one
of `ops.heartbeat`, and whether it lives its host knows (architecture, "Who owns a process").
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from core import postgres
from core.errors import DatabaseError, SettingsError
from core.tables import HEARTBEAT, SERVICE
from orchestration.hosts import ProcessHost, process_host
from orchestration.resources import PlatformResource

__all__ = ["GeneratorResource", "ServiceResource", "ServiceStatus", "SparkStreamResource"]

Desired = Literal["running", "stopped"]

LEAST_RATE, GREATEST_RATE = 0.1, 100_000.0

STATUS = f"""
    SELECT service.desired, service.reason, service.rate, service.attached_run, service.attached_at,
           extract(epoch FROM clock_timestamp() - service.attached_at)::float8,
           heartbeat.pid, extract(epoch FROM heartbeat.started_at)::float8, heartbeat.beat_at,
           extract(epoch FROM clock_timestamp() - heartbeat.beat_at)::float8, heartbeat.progress
    FROM {SERVICE.name} AS service LEFT JOIN {HEARTBEAT.name} AS heartbeat USING (name)
    WHERE service.name = %s
"""  # noqa: S608  # names from core.tables
WANT = f"""
    UPDATE {SERVICE.name} SET desired = %s, reason = %s, updated_at = clock_timestamp() WHERE name = %s
"""  # noqa: S608
ATTACH = f"""
    UPDATE {SERVICE.name} SET attached_run = %(run)s, attached_at = clock_timestamp()
    WHERE name = %(name)s AND (attached_run = %(run)s OR attached_run IS NOT DISTINCT FROM %(replaces)s)
"""  # noqa: S608
SET_RATE = f"UPDATE {SERVICE.name} SET rate = %s, updated_at = clock_timestamp() WHERE name = %s"  # noqa: S608


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What is wanted of a process, what its host says of it, and what it says of itself.

    `state` is the host's own word, "unknown" where the host does not answer; ages are in
    seconds; `restarts` are the Unix times of the restarts that nobody asked for, the oldest first.
    """

    name: str
    desired: Desired
    reason: str | None
    rate: float | None
    state: str
    pid: int | None
    uptime_s: int
    restarts: tuple[float, ...]
    attached_run: str | None
    attached_at: datetime | None
    attached_age_s: float | None
    heartbeat_pid: int | None
    beat_at: datetime | None
    heartbeat_age_s: float | None
    progress: dict[str, Any]

    @property
    def beats(self) -> bool:
        """Whether the last heartbeat is that of the process that lives now."""
        return self.pid is not None and self.heartbeat_pid == self.pid


class ServiceResource(PlatformResource):
    """One process: its status, and the ways to change it. Raises psycopg's errors where the database is away."""

    service: ClassVar[str]
    starts_within_s: ClassVar[float]
    """How long a start may take until the first heartbeat, on a starved machine and with servers that are late."""

    def status(self) -> ServiceStatus:
        """Everything that is known of it now. Raises `DatabaseError` where it has no row."""
        settings = self.settings
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            row = connection.execute(STATUS, (self.service,)).fetchone()
        if row is None:
            raise DatabaseError(f"{SERVICE.name} has no row '{self.service}'; `orderpulse up` makes it.")
        desired, reason, rate, run, attached_at, attached_age_s, pid, began, beat_at, beat_age_s, progress = (
            row
        )
        look = self._host().look()
        is_own = look.since is None or (began is not None and began >= look.since)
        return ServiceStatus(
            name=self.service,
            desired=desired,
            reason=reason,
            rate=rate,
            state=look.managed.state,
            pid=look.managed.pid,
            uptime_s=look.managed.uptime_s,
            restarts=look.restarts,
            attached_run=run,
            attached_at=attached_at,
            attached_age_s=attached_age_s,
            heartbeat_pid=pid if is_own else None,
            beat_at=beat_at,
            heartbeat_age_s=beat_age_s,
            progress=progress or {},
        )

    def start(self, reason: str) -> None:
        """Want it running and start it; harmless where it runs. Raises `StackError` where it cannot start."""
        self._want("running", reason)
        self._host().start()

    def stop(self, reason: str, *, wait: bool = True) -> None:
        """Want it stopped and stop it, first gently, then its whole group; `wait` until it has ended.

        Raises `StackError` where it does not end in time.
        """
        self._want("stopped", reason)
        self._host().stop(wait=wait)

    def restart(self, reason: str) -> None:
        """End it and start it anew, whatever it did before. Raises `StackError` where either fails."""
        self._want("running", reason)
        self._host().restart()

    def ensure_running(self) -> bool:
        """Start it because it is wanted, though nobody asked for it now; True where that was needed.

        The desired state and its reason stay.
        """
        return self._host().ensure_running()

    def ensure_stopped(self) -> None:
        """Stop it because it is not wanted, though nobody asked for that now. Returns at once."""
        self._host().ensure_stopped()

    def kill(self, pid: int) -> None:
        """SIGKILL the process `pid` with its group and all its children; its host starts it again.

        Does nothing where the service's process is another by now: that one has done no wrong.
        """
        self._host().kill(pid)

    def attach(self, run_id: str, replaces: str | None = None) -> bool:
        """Note that run `run_id` watches it. False where another run does by now, unless it is `replaces`."""
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            values = {"run": run_id, "name": self.service, "replaces": replaces}
            return connection.execute(ATTACH, values).rowcount == 1

    def _want(self, desired: Desired, reason: str) -> None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(WANT, (desired, reason, self.service))

    def _host(self) -> ProcessHost:
        return process_host(self.settings, self.service)


class GeneratorResource(ServiceResource):
    """The generator of orders."""

    service: ClassVar[str] = "generator"
    starts_within_s: ClassVar[float] = 90.0

    def set_rate(self, events_per_s: float) -> None:
        """Ask for another rate; it holds within a second, and after a restart. Raises `SettingsError`."""
        if not (math.isfinite(events_per_s) and LEAST_RATE <= events_per_s <= GREATEST_RATE):
            raise SettingsError(
                f"A rate of {events_per_s:g} events/s is not possible; "
                f"choose one from {LEAST_RATE:g} to {GREATEST_RATE:,.0f}."
            )
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(SET_RATE, (events_per_s, self.service))


class SparkStreamResource(ServiceResource):
    """The streaming job: a Python driver and its JVM."""

    service: ClassVar[str] = "spark_stream"
    starts_within_s: ClassVar[float] = 180.0
