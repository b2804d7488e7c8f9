"""`python -m api` as a process of a test."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from core.settings import Settings
from stack.environment import child_environment
from stack.ports import free_ports
from stack.waiting import wait_until

__all__ = ["ApiProcess"]

START_S = 30.0


class ApiProcess:
    """The API with `settings` on a free port; a context manager that ends it."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        port = free_ports(1)[0]
        self.settings = settings.model_copy(update={"api": settings.api.model_copy(update={"port": port})})
        self.address = f"http://127.0.0.1:{port}"
        self.port = port
        self._log = folder / f"api-{port}.log"

    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text(errors="replace")

    def stop(self) -> float:
        """Ask it to end. Returns how long it took, in seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - began

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api"],
                env=child_environment(self.settings),
                cwd=self.settings.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert wait_until(self._lives, START_S), self.log()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _lives(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log())
        try:
            return httpx.get(f"{self.address}/livez", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False
