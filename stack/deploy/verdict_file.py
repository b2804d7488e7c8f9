"""The last health verdict on a container's program, in a file that its health check reads without starting a process.

`deploy/healthy` reads it. The first word is the time in seconds since boot, which clock changes do not affect; the rest is the verdict.
"""

import threading
import time
from pathlib import Path

from core.settings import Settings
from stack.local.health import health

WATCH_INTERVAL_S = 5.0


def verdict_file(settings: Settings, name: str) -> Path:
    """The verdict file of the program `name`."""
    return settings.data_dir / "health" / name


def write_verdict(settings: Settings, name: str, verdict: str) -> None:
    """Replace the verdict atomically."""
    path = verdict_file(settings, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(f"{time.clock_gettime(time.CLOCK_BOOTTIME):.0f} {verdict}\n", encoding="utf-8")
    unfinished.replace(path)


class Watch(threading.Thread):
    """Writes the verdict on `name` every few seconds, by the rules of `stack.local.health`, while its process lives."""

    def __init__(self, settings: Settings, name: str) -> None:
        super().__init__(name="verdict", daemon=True)
        self._settings = settings
        self._name = name

    def run(self) -> None:
        """Check and write in a loop."""
        while True:
            write_verdict(self._settings, self._name, health(self._settings, self._name, None))
            time.sleep(WATCH_INTERVAL_S)
