"""Child processes of a benchmark: started, paused with all their descendants, and always ended."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from core.errors import StackError
from core.settings import Settings
from stack.host.environment import child_environment
from stack.host.waiting import wait_until

START_LIMIT_S = 90.0
STOP_LIMIT_S = 60.0


class Child:
    """`python ARGUMENTS` under `settings`; a context manager that ends it with its descendants."""

    def __init__(self, name: str, arguments: Sequence[str], settings: Settings, log: Path) -> None:
        """The output goes to the file `log`."""
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                env=child_environment(settings),
                cwd=settings.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def family(self) -> list[psutil.Process]:
        """The process and its descendants."""
        try:
            parent = psutil.Process(self._process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def require_alive(self) -> None:
        """Raise `StackError` with the end of the log if the process has ended."""
        code = self._process.poll()
        if code is not None:
            raise StackError(f"{self.name} ended with code {code} during the benchmark. {self.tail()}")

    def wait_ready(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready. Raises `StackError` if it ends, or is not ready in time."""

        def ended_or_ready() -> bool:
            self.require_alive()
            return ready()

        if not wait_until(ended_or_ready, START_LIMIT_S):
            raise StackError(f"{self.name} did not start within {START_LIMIT_S:.0f} s. {self.tail()}")

    def finish(self, limit_s: float) -> None:
        """Wait until it ends successfully. Raises `StackError` otherwise."""
        try:
            code = self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise StackError(f"{self.name} did not end within {limit_s:.0f} s. {self.tail()}") from None
        if code != 0:
            raise StackError(f"{self.name} ended with code {code}. {self.tail()}")

    def pause(self) -> None:
        """Suspend the process and its descendants (Spark's JVM has a group of its own); memory and connections stay."""
        paused: set[psutil.Process] = set()
        while running := [each for each in self.family() if each not in paused]:
            for each in running:
                each.suspend()
            paused.update(running)

    def resume(self) -> None:
        """Resume a paused process and its descendants."""
        for each in reversed(self.family()):
            each.resume()

    def tail(self) -> str:
        """The end of the log."""
        return f"Its log ends: {self.log.read_text(encoding='utf-8', errors='replace')[-2000:].strip()}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        family = self.family()
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
