"""Resident memory of the platform's processes, sampled in the background.

Proportional set size where the system tells it (pages shared by several processes are counted once
in all), resident set size elsewhere.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Self

import psutil

from bench.children import Child

__all__ = ["MemoryResult", "MemorySampler"]

INTERVAL_S = 2.0
TOTAL = "all"


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """Bytes of one program with its descendants, or of all at once."""

    name: str
    mean_bytes: int
    peak_bytes: int
    samples: int


class MemorySampler:
    """Samples every two seconds; a context manager."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._samples: dict[str, list[int]] = defaultdict(list)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="memory", daemon=True)

    def results(self) -> list[MemoryResult]:
        """Mean and peak by program, the sum of all last."""
        return [
            MemoryResult(name, sum(values) // len(values), max(values), len(values))
            for name, values in sorted(self._samples.items(), key=lambda item: item[0] == TOTAL)
        ]

    def _run(self) -> None:
        while True:
            sizes = {child.name: sum(map(_bytes_of, child.family())) for child in self._children}
            for name, size in (sizes | {TOTAL: sum(sizes.values())}).items():
                self._samples[name].append(size)
            if self._stop.wait(INTERVAL_S):
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()


def _bytes_of(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.NoSuchProcess:
        return 0
    except psutil.AccessDenied:
        return _resident(process)
    return int(getattr(memory, "pss", 0) or memory.rss)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
