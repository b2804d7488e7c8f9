"""The heap of the driver's JVM, which is larger at the start after it ran out of memory.

Kafka's client decompresses a whole record, and each query keeps three copies. So a record of several hundred
megabytes, a few dozen kilobytes on the wire, ends a driver whose heap is large enough for everything else. The next
start may use most of the free memory; once the record is read and rejected, later starts have the usual heap again.
"""

import re
from pathlib import Path
from subprocess import TimeoutExpired

import psutil

from core.logging import get_logger
from core.settings import Settings
from spark_jobs.jvm import gateway

log = get_logger(__name__)

EXIT_OPTION = "-XX:+ExitOnOutOfMemoryError"
EXIT_CODE = 3
EXIT_TIMEOUT_S = 5.0
SHARE_OF_FREE_MEMORY = 0.75
MEBIBYTE = 1 << 20
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def note_exhaustion(settings: Settings) -> bool:
    """Whether the JVM ended because its heap was full; if so, leaves a note for the next start."""
    jvm = gateway()
    try:
        exhausted = jvm is not None and jvm.proc.wait(EXIT_TIMEOUT_S) == EXIT_CODE
    except TimeoutExpired:
        exhausted = False
    if exhausted:
        _note(settings).touch()
    return exhausted


def with_heap(settings: Settings) -> Settings:
    """The settings with most of the free memory as `stream.driver_memory`, if the last start ran out of memory."""
    note, usual = _note(settings), settings.stream.driver_memory
    if not note.exists():
        return settings
    note.unlink()
    largest = int(_free_bytes() * SHARE_OF_FREE_MEMORY) // MEBIBYTE
    heap = f"{largest}m" if largest > _mebibytes(usual) else usual
    log.warning("heap.exhausted", usual=usual, heap=heap, meaning="the last start ran out of memory")
    return settings.model_copy(update={"stream": settings.stream.model_copy(update={"driver_memory": heap})})


def _note(settings: Settings) -> Path:
    return settings.checkpoint_dir / "heap_exhausted"


def _mebibytes(size: str) -> float:
    """Mebibytes of a size such as `3g`; infinite if it has another form."""
    found = re.fullmatch(r"(\d+)([mg])b?", size.lower())
    return int(found[1]) * (1024 if found[2] == "g" else 1) if found else float("inf")


def _free_bytes() -> int:
    """Free memory of this machine, or the limit of this container if that is less."""
    texts = (path.read_text(encoding="ascii").strip() for path in CGROUP_LIMITS if path.exists())
    return min([psutil.virtual_memory().available, *(int(text) for text in texts if text.isdigit())])
