"""`python -m api` as a process of a test."""

import time
from pathlib import Path

from core.settings import Settings
from stack.host.ports import free_ports
from tests.processes import Server


class ApiProcess(Server):
    """The API with `settings` on a free port."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        port = free_ports(1)[0]
        own = settings.model_copy(update={"api": settings.api.model_copy(update={"port": port})})
        super().__init__("api", own, port, "/livez", folder)

    def stopped_after_s(self) -> float:
        """Ask it to end. Returns how long it took, in seconds."""
        began = time.monotonic()
        self.stop()
        return time.monotonic() - began
