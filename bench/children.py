"""Child processes of a benchmark: started in groups of their own, paused, and always ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from core.errors import StackError
from core.settings import Settings
from stack.environment import child_environment

__all__ = ["Child"]

STOP_LIMIT_S = 60.0


class Child:
    """`python ARGUMENTS` under `settings`; a context manager that ends the whole group."""

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
        """Raise `StackError` with the end of the log where the process has ended."""
        code = self._process.poll()
        if code is not None:
            raise StackError(f"{self.name} ended with code {code} in mid-benchmark. {self.tail()}")

    def finish(self, limit_s: float) -> None:
        """Wait until it ends by itself, with success. Raises `StackError` otherwise."""
        try:
            code = self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise StackError(f"{self.name} did not end within {limit_s:.0f} s. {self.tail()}") from None
        if code != 0:
            raise StackError(f"{self.name} ended with code {code}. {self.tail()}")

    def pause(self) -> None:
        """Stop the group where it stands, with its memory, code caches and connections."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused group go on."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def tail(self) -> str:
        """The end of the log."""
        return f"Its log ends: {self.log.read_text(encoding='utf-8', errors='replace')[-2000:].strip()}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is not None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
