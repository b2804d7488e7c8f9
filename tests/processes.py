"""Programs of the platform as children of a test, ended with all they started."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from core.settings import Settings
from stack.host.environment import child_environment
from stack.host.waiting import wait_until

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0


class Started:
    """`orderpulse run NAME` in a process group of its own; a context manager that ends it."""

    def __init__(self, settings: Settings, name: str, folder: Path, stop_signal: signal.Signals) -> None:
        self.settings = settings
        self.name = name
        self.log = folder / f"{name}.log"
        self.stop_signal = stop_signal
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Pid of the program, which is also its process group."""
        assert self.process is not None, "started"
        return self.process.pid

    def start(self) -> None:
        """Start the program; its output is appended to `log`."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stack", "run", self.name],
                env=child_environment(self.settings),
                cwd=self.settings.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """`kill -9` of the whole process group."""
        assert self.process is not None, "started"
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask the program to stop; kill its group where it does not in time. Returns the exit code."""
        assert self.process is not None, "started"
        self.process.send_signal(self.stop_signal)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop:\n{self.tail()}") from None

    def wait(self, well: Callable[[], bool]) -> None:
        """Return when `well()` holds; fail with the log where the program ends or the time runs out."""
        process = self.process
        assert process is not None, "started"
        ended_or_well = wait_until(lambda: process.poll() is not None or well(), START_TIMEOUT_S)
        assert ended_or_well, self.tail()
        assert process.poll() is None, f"{self.name} is not well:\n{self.tail()}"

    def tail(self) -> str:
        """The end of the program's log."""
        return f"{self.log}:\n" + self.log.read_text(errors="replace")[-3000:]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()


class Server:
    """`python -m MODULE`, which serves HTTP on `port`; a context manager that ends it."""

    def __init__(self, module: str, settings: Settings, port: int, probe: str, folder: Path) -> None:
        """`probe` is the path that answers with 200 as soon as it serves."""
        self.settings = settings
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self._module = module
        self._probe = probe
        self._log = folder / f"{module}-{port}.log"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                env=child_environment(self.settings),
                cwd=self.settings.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert wait_until(self._answers, STOP_TIMEOUT_S), self.log()

    def kill(self) -> None:
        """`kill -9` of its process group."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait until it has; fail if it ended with an error."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_TIMEOUT_S)
        # uvicorn ends by the signal; Popen gives 0 for a child that another thread has waited for.
        assert code in (0, -signal.SIGTERM), self.log()

    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text(errors="replace")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log())
        try:
            return httpx.get(f"{self.address}{self._probe}", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False
