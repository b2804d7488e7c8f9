"""A runner's process: start, graceful stop, kill with all children, detection of its end."""

import os
import signal
import subprocess
import sys
import time

import psutil

from control.process_manager import StartLog
from core.settings import Settings
from stack.host.environment import child_environment
from stack.local.programs import Program


class ServedProcess:
    """At most one process of `program`, in its own process group."""

    def __init__(self, settings: Settings, program: Program) -> None:
        self._settings = settings
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._kill_at = float("inf")
        self.started_at: float | None = None
        """Unix time of the last start."""

    @property
    def pid(self) -> int | None:
        """Its pid; None if it does not run, or its end was not yet detected."""
        return self._process.pid if self._process else None

    @property
    def uptime_s(self) -> float:
        """Seconds since the last start."""
        return time.time() - self.started_at if self.started_at else 0.0

    def start(self) -> None:
        """Start it by the process manager's command, without its delays; it inherits our output."""
        StartLog(self._settings, self._program.name).begin_anew()
        self.started_at = time.time()
        self._kill_at = float("inf")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stack", "run", self._program.name],
            env=child_environment(self._settings),
            cwd=self._settings.root,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Ask it to stop; `check` kills it after the program's timeout."""
        if self._process is not None:
            self._kill_at = time.monotonic() + self._program.stop_timeout_s
            self._process.send_signal(self._program.stop_signal)

    def kill(self) -> None:
        """SIGKILL it with its group and all its children. Spark's JVM has its own group."""
        if self._process is None or self._process.poll() is not None:
            return
        children = psutil.Process(self._process.pid).children(recursive=True)
        _kill_group(self._process.pid)
        for child in children:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue

    def check(self) -> int | None:
        """Kill it if it does not stop in time. Returns the exit code once, when it has ended; None otherwise."""
        if self._process is None:
            return None
        if time.monotonic() > self._kill_at:
            self.kill()
        code = self._process.poll()
        if code is not None:
            _kill_group(self._process.pid)  # its remaining children
            self._process = None
        return code


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
