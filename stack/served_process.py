"""The process of a service below its runner: start it, stop it gently, kill it whole, notice its end."""

import os
import signal
import subprocess
import sys
import time

import psutil

from core.settings import Settings
from stack.environment import child_environment
from stack.programs import Program

__all__ = ["ServedProcess"]


class ServedProcess:
    """At most one process of `program`, in a process group of its own."""

    def __init__(self, settings: Settings, program: Program) -> None:
        self._settings = settings
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._kill_at = float("inf")
        self.started_at: float | None = None
        """Unix time of the last start."""

    @property
    def pid(self) -> int | None:
        """Its pid; None where none lives, or its end was not noticed yet."""
        return self._process.pid if self._process else None

    @property
    def uptime_s(self) -> float:
        """Seconds since the last start."""
        return time.time() - self.started_at if self.started_at else 0.0

    def start(self) -> None:
        """Start it by the same command as a process manager; its output is ours."""
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
        """Ask it to stop; what does not within the program's own time is killed by `check`."""
        if self._process is not None:
            self._kill_at = time.monotonic() + self._program.stop_timeout_s
            self._process.send_signal(self._program.stop_signal)

    def kill(self) -> None:
        """SIGKILL it with its group and all its children. Spark's JVM has a group of its own."""
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
        """Kill what does not stop in time. Returns the exit code once, when it has ended; None otherwise."""
        if self._process is None:
            return None
        if time.monotonic() > self._kill_at:
            self.kill()
        code = self._process.poll()
        if code is not None:
            _kill_group(self._process.pid)  # what it left behind
            self._process = None
        return code


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
