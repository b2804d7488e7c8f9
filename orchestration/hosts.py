"""Who keeps a service's process running, and how it is asked: a process manager, or the service's own runner.

`supervisor` is the manager that `orderpulse up` starts. In containers each service has a runner of its
own, `orderpulse serve NAME`, which reads its row of `ops.service`: what is wanted is done by writing it.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import psutil

from core import postgres, service_process
from core.errors import StackError
from core.process_manager import Managed, ProcessManager, StartLog
from core.service_process import Said
from core.settings import Settings

__all__ = ["Look", "ProcessHost", "process_host"]

STOP_TIMEOUT_S = 90.0
"""The manager itself ends what does not stop, by SIGKILL, before this."""

POLL_S = 0.2
UNKNOWN = Managed("unknown", None, 0, going=False)
LIVES = ("starting", "running", "stopping")


@dataclass(frozen=True, slots=True)
class Look:
    """What the host says of the process. `restarts`: Unix times of those that nobody asked for, oldest first.

    `since`: the Unix time before which nothing that a process of this number said is its own; None: its
    number alone tells, because a machine gives one to another process much later.
    """

    managed: Managed
    restarts: tuple[float, ...]
    since: float | None = None


class ProcessHost(Protocol):
    """The desired state is written already when one of these is called."""

    def look(self) -> Look:
        """The process as it is now; its state is "unknown" where the host does not answer."""

    def start(self) -> None:
        """Start it; harmless where it runs. Raises `StackError` where it cannot start."""

    def stop(self, *, wait: bool) -> None:
        """Stop it, first gently; `wait` until it has ended. Raises `StackError` where it does not in time."""

    def restart(self) -> None:
        """End it and start it anew. Raises `StackError` where either fails."""

    def ensure_running(self) -> bool:
        """Start it though nobody asked for that now; True where that was needed."""

    def ensure_stopped(self) -> None:
        """Stop it though nobody asked for that now. Returns at once."""

    def kill(self, pid: int) -> None:
        """SIGKILL the process `pid` with all its children, unless it is another by now; it is started again."""


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

    def look(self) -> Look:
        try:
            managed = self._managed()
        except StackError:
            managed = UNKNOWN
        return Look(managed, tuple(self._starts().restarts()))

    def start(self) -> None:
        if not self._managed().wanted:
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
        """A start after a failure is counted as a restart; one after the manager itself began anew is not."""
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
        _wait(self.service, lambda: self._managed().state not in LIVES)


@dataclass(frozen=True, slots=True)
class _Runner:
    """`orderpulse serve NAME` somewhere else. Raises psycopg's errors where the database is away."""

    settings: Settings
    service: str

    def look(self) -> Look:
        said = self._said()
        if said is None:
            return Look(UNKNOWN, ())
        return Look(said.managed(), said.starts[1:], said.started_at or float("inf"))

    def start(self) -> None:
        said = self._said()
        if said is None or not said.speaks:
            raise StackError(
                f"{self.service} is wanted running, but its runner gives no sign of life; it starts when "
                f"`orderpulse serve {self.service}` does (the container of that name)."
            )

    def stop(self, *, wait: bool) -> None:
        if wait:
            _wait(self.service, lambda: self.look().managed.state not in (*LIVES, "backoff"))

    def restart(self) -> None:
        self.start()
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            number = service_process.ask_restart(connection, self.service)
        _wait(self.service, lambda: (said := self._said()) is not None and said.restarts_done >= number)

    def ensure_running(self) -> bool:
        """The runner sees to it by itself."""
        return False

    def ensure_stopped(self) -> None:
        """The runner sees to it by itself."""

    def kill(self, pid: int) -> None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            service_process.ask_kill(connection, self.service, pid)

    def _said(self) -> Said | None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            return service_process.read(connection, self.service)


def _wait(service: str, has_ended: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while not has_ended():
        if time.monotonic() > deadline:
            raise StackError(f"{service} has not ended after {STOP_TIMEOUT_S:.0f} s; see its log.")
        time.sleep(POLL_S)
