"""Who keeps a service's process running, and how it is asked: a process manager, or the service's own runner.

`supervisor` is the manager that `orderpulse up` starts. In containers each service has a runner of its
own, `orderpulse serve NAME`, which reads its row of `ops.service`: writing the desired state there is enough.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import psutil

from control.desired import request_kill, request_restart
from control.process_manager import Managed, ProcessManager, StartLog
from control.runner_status import HAS_PROCESS, RunnerStatus, read_status
from core import postgres
from core.errors import StackError
from core.settings import Settings

STOP_TIMEOUT_S = 90.0
"""The manager itself ends what does not stop, by SIGKILL, before this."""

POLL_S = 0.2
UNKNOWN = Managed("unknown", None, 0, going=False)


@dataclass(frozen=True, slots=True)
class HostReport:
    """What the host reports about the process. `restarts`: Unix times of those that nobody asked for, oldest first.
    `failures`: how often it had failed in a row without progress when the current process was started.

    `since`: reports under this pid from before this Unix time are another process's; None: the pid alone identifies
    the process, because a machine does not reuse one until much later.
    """

    managed: Managed
    restarts: tuple[float, ...]
    since: float | None = None
    failures: int = 0


class ProcessHost(Protocol):
    """The desired state is written already when one of these is called."""

    def report(self) -> HostReport:
        """The process as it is now; its state is "unknown" if the host does not answer."""

    def start(self) -> None:
        """Start it; harmless if it runs, ends a pause. Raises `StackError` if it cannot start."""

    def stop(self, *, wait: bool) -> None:
        """Stop it, first gently; `wait` until it has ended. Raises `StackError` if it does not in time."""

    def restart(self) -> None:
        """End it and start it again. Raises `StackError` if either fails."""

    def ensure_running(self) -> bool:
        """Start it although nobody has just asked for that; True if that was needed."""

    def ensure_stopped(self) -> None:
        """Stop it although nobody has just asked for that. Returns at once."""

    def kill(self, pid: int) -> None:
        """SIGKILL the process `pid` with all its children, unless the service has another by now; it is started again."""


def process_host(settings: Settings, service: str) -> ProcessHost:
    """The host of the settings."""
    if settings.dagster.process_host == "services":
        return _Runner(settings, service)
    return _Supervisor(settings, service)


@dataclass(frozen=True, slots=True)
class _Supervisor:
    """The process manager on the same machine."""

    settings: Settings
    service: str

    def report(self) -> HostReport:
        try:
            managed = self._managed()
        except StackError:
            managed = UNKNOWN
        return self._with_starts(managed)

    def _with_starts(self, managed: Managed) -> HostReport:
        """The manager counts a pause before the start as a part of the process's life."""
        starts = self._starts()
        last, pause, restarts = starts.last(), starts.pause(), tuple(starts.restarts())
        if pause is not None and pause.pid == managed.pid:
            return HostReport(Managed("backoff", None, 0, going=False), restarts, failures=pause.failures)
        if last is None:
            return HostReport(managed, restarts)
        uptime_s = min(managed.uptime_s, max(0, int(time.time() - last.at)))
        return HostReport(replace(managed, uptime_s=uptime_s), restarts, failures=last.failures)

    def start(self) -> None:
        if self.report().managed.state == "backoff":
            self.restart()
        elif not self._managed().wanted:
            self._wait_ended()
            self._starts().begin_anew()
            self._manager().start_program(self.service)

    def stop(self, *, wait: bool) -> None:
        self._manager().stop_program(self.service, wait=False)
        if wait:
            self._wait_ended()
        self._starts().begin_anew()

    def restart(self) -> None:
        self._manager().stop_program(self.service, wait=False)
        self._wait_ended()
        self._starts().begin_anew()
        self._manager().start_program(self.service)

    def ensure_running(self) -> bool:
        """A start after a failure is counted as a restart; one after a restart of the manager itself is not."""
        managed = self._managed()
        if managed.wanted or managed.state == "stopping":
            return False
        if managed.state == "stopped":
            self._starts().begin_anew()
        self._manager().start_program(self.service)
        return True

    def ensure_stopped(self) -> None:
        self._manager().stop_program(self.service, wait=False)

    def kill(self, pid: int) -> None:
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

    def _manager(self) -> ProcessManager:
        return ProcessManager(self.settings)

    def _managed(self) -> Managed:
        return self._manager().programs()[self.service]

    def _starts(self) -> StartLog:
        return StartLog(self.settings, self.service)

    def _wait_ended(self) -> None:
        _wait(self.service, lambda: self._managed().state not in HAS_PROCESS)


@dataclass(frozen=True, slots=True)
class _Runner:
    """`orderpulse serve NAME` somewhere else. Raises psycopg's errors if the database is away."""

    settings: Settings
    service: str

    def report(self) -> HostReport:
        status = self._status()
        if status is None:
            return HostReport(UNKNOWN, ())
        return HostReport(
            status.managed(), status.starts[1:], status.started_at or float("inf"), status.failures
        )

    def start(self) -> None:
        if self._demand_runner().state == "backoff":
            self._request_restart()

    def _demand_runner(self) -> RunnerStatus:
        status = self._status()
        if status is None or not status.is_current:
            raise StackError(
                f"{self.service} should run, but its runner does not report; it starts when "
                f"`orderpulse serve {self.service}` does (the container of that name)."
            )
        return status

    def _request_restart(self) -> int:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            return request_restart(connection, self.service)

    def stop(self, *, wait: bool) -> None:
        if wait:
            _wait(self.service, lambda: self.report().managed.state not in (*HAS_PROCESS, "backoff"))

    def restart(self) -> None:
        self._demand_runner()
        number = self._request_restart()
        _wait(self.service, lambda: (status := self._status()) is not None and status.restarts_done >= number)

    def ensure_running(self) -> bool:
        """Nothing to do: the runner handles it."""
        return False

    def ensure_stopped(self) -> None:
        """Nothing to do: the runner handles it."""

    def kill(self, pid: int) -> None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            request_kill(connection, self.service, pid)

    def _status(self) -> RunnerStatus | None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            return read_status(connection, self.service)


def _wait(service: str, has_ended: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while not has_ended():
        if time.monotonic() > deadline:
            raise StackError(f"{service} has not ended after {STOP_TIMEOUT_S:.0f} s; see its log.")
        time.sleep(POLL_S)
