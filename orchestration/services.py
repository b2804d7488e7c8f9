"""Handles on the two processes that people start and stop: the generator and the stream.

A handle holds no state: what is wanted is a row of `ops.service`, what the process says of itself one
of `ops.heartbeat`, and whether it lives the process manager knows (architecture, "Who owns a process").
"""

import math
import os
import signal
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

import psutil

from core import postgres
from core.errors import DatabaseError, SettingsError, StackError
from core.process_manager import Managed, ProcessManager, StartLog
from core.tables import HEARTBEAT, SERVICE
from orchestration.resources import PlatformResource

__all__ = ["GeneratorResource", "ServiceResource", "ServiceStatus", "SparkStreamResource"]

Desired = Literal["running", "stopped"]

STOP_TIMEOUT_S = 90.0
"""The manager itself ends what does not stop, by SIGKILL, before this."""

POLL_S = 0.2
LEAST_RATE, GREATEST_RATE = 0.1, 100_000.0

STATUS = f"""
    SELECT service.desired, service.reason, service.rate, service.attached_run, service.attached_at,
           extract(epoch FROM clock_timestamp() - service.attached_at)::float8,
           heartbeat.pid, heartbeat.beat_at,
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
    """What is wanted of a process, what the manager says of it, and what it says of itself.

    `state` is the manager's own word, "unknown" where the manager does not answer; ages are in
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


UNKNOWN = Managed("unknown", None, 0, going=False)


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
        desired, reason, rate, run, attached_at, attached_age_s, pid, beat_at, beat_age_s, progress = row
        try:
            managed = self._managed()
        except StackError:
            managed = UNKNOWN
        return ServiceStatus(
            name=self.service,
            desired=desired,
            reason=reason,
            rate=rate,
            state=managed.state,
            pid=managed.pid,
            uptime_s=managed.uptime_s,
            restarts=tuple(StartLog(settings, self.service).restarts()),
            attached_run=run,
            attached_at=attached_at,
            attached_age_s=attached_age_s,
            heartbeat_pid=pid,
            beat_at=beat_at,
            heartbeat_age_s=beat_age_s,
            progress=progress or {},
        )

    def start(self, reason: str) -> None:
        """Want it running and start it; harmless where it runs. Raises `StackError` where it cannot start."""
        self._want("running", reason)
        if not self._managed().wanted:
            self._wait_ended()
            self._starts().begin_anew()
            self._manager().start_program(self.service)

    def stop(self, reason: str, *, wait: bool = True) -> None:
        """Want it stopped and stop it, first gently, then its whole group; `wait` until it has ended.

        Raises `StackError` where it does not end in time.
        """
        self._want("stopped", reason)
        self._manager().stop_program(self.service, wait=False)
        if wait:
            self._wait_ended()
        self._starts().begin_anew()

    def restart(self, reason: str) -> None:
        """End it and start it anew, whatever it did before. Raises `StackError` where either fails."""
        self._want("running", reason)
        self._manager().stop_program(self.service, wait=False)
        self._wait_ended()
        self._starts().begin_anew()
        self._manager().start_program(self.service)

    def ensure_running(self) -> bool:
        """Start it because it is wanted, though nobody asked for it now; True where that was needed.

        The desired state and its reason stay. A start after a failure is counted as a restart; one after
        the manager itself began anew ("stopped") is not.
        """
        managed = self._managed()
        if managed.wanted or managed.state == "stopping":
            return False
        if managed.state == "stopped":
            self._starts().begin_anew()
        self._manager().start_program(self.service)
        return True

    def ensure_stopped(self) -> None:
        """Stop it because it is not wanted, though nobody asked for that now. Returns at once."""
        self._manager().stop_program(self.service, wait=False)

    def kill(self, pid: int) -> None:
        """SIGKILL the process `pid` with its group and all its children; the manager starts it again.

        Does nothing where the manager's process is another by now: that one has done no wrong.
        """
        if self._managed().pid != pid:
            return
        try:
            children = psutil.Process(pid).children(recursive=True)
            if os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGKILL)
        except (psutil.NoSuchProcess, ProcessLookupError):
            return
        for child in children:  # Spark's JVM has a group of its own
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue

    def attach(self, run_id: str, replaces: str | None = None) -> bool:
        """Note that run `run_id` watches it. False where another run does by now, unless it is `replaces`."""
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            values = {"run": run_id, "name": self.service, "replaces": replaces}
            return connection.execute(ATTACH, values).rowcount == 1

    def _want(self, desired: Desired, reason: str) -> None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(WANT, (desired, reason, self.service))

    def _manager(self) -> ProcessManager:
        return ProcessManager(self.settings)

    def _managed(self) -> Managed:
        return self._manager().programs()[self.service]

    def _starts(self) -> StartLog:
        return StartLog(self.settings, self.service)

    def _wait_ended(self) -> None:
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while (state := self._managed().state) in ("starting", "running", "stopping"):
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.service} has not ended after {STOP_TIMEOUT_S:.0f} s (state: {state}); see its log."
                )
            time.sleep(POLL_S)


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
