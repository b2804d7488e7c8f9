"""Resident memory of the platform's processes, sampled in the background.

Proportional set size if the system reports it (shared pages count once in total), otherwise
resident set size.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

import psutil

from bench.background import in_background
from bench.children import Child

INTERVAL_S = 2.0
TOTAL = "all"
Samples = Mapping[str, list[int]]
"""Bytes by program, and of all."""


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """Bytes of one program with its descendants, or of all together."""

    name: str
    mean_bytes: int
    peak_bytes: int
    samples: int


@contextmanager
def sampled_memory(children: Sequence[Child]) -> Iterator[Samples]:
    """What the programs hold, sampled every two seconds until the block ends."""
    samples: dict[str, list[int]] = defaultdict(list)

    def sample(stop: Event) -> None:
        while True:
            sizes = {child.name: sum(map(bytes_of, child.family())) for child in children}
            for name, size in (sizes | {TOTAL: sum(sizes.values())}).items():
                samples[name].append(size)
            if stop.wait(INTERVAL_S):
                return

    with in_background(sample):
        yield samples


def memory_results(samples: Samples) -> list[MemoryResult]:
    """Mean and peak by program, the sum of all last."""
    return [
        MemoryResult(name, sum(values) // len(values), max(values), len(values))
        for name, values in sorted(samples.items(), key=lambda item: item[0] == TOTAL)
    ]


def bytes_of(process: psutil.Process) -> int:
    """What a process holds; nothing if it has ended."""
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
