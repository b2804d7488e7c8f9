"""Setting a query's checkpoint aside, in part or whole; nothing is ever deleted."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from core.errors import CheckpointError

__all__ = ["driver_kept_out", "set_aside", "set_files_aside"]

POLL_S = 0.1


@contextmanager
def driver_kept_out(folder: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock that a Spark driver holds on its checkpoints; one that starts meanwhile waits.

    A driver's JVM may outlive it by a second. Raises `CheckpointError` where one still works after
    `timeout_s` seconds.
    """
    if not folder.is_dir():
        raise CheckpointError(f"{folder} does not exist: the stream has never run with these settings.")
    descriptor = os.open(folder / "driver.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + timeout_s
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 32, 0).decode() or "unknown"
                raise CheckpointError(
                    f"A Spark driver (pid {holder}) works on {folder}. Stop it with the job stop_spark_stream, "
                    "then try again."
                )
            time.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def set_aside(folder: Path, now: datetime) -> Path:
    """Rename a query's whole checkpoint; returns its new place. Raises `CheckpointError` where there is none."""
    if not folder.is_dir():
        raise CheckpointError(f"{folder} does not exist; the query has no checkpoint to reset.")
    aside = _aside(folder, now)
    folder.rename(aside)
    return aside


def set_files_aside(folder: Path, files: list[Path], now: datetime) -> Path:
    """Move files of the checkpoint in `folder`, and their checksums, beside it; returns where to."""
    aside = _aside(folder, now, ".torn")
    for path in files:
        for each in (path, path.with_name(f".{path.name}.crc")):
            if each.exists():
                target = aside / each.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                each.rename(target)
    return aside


def _aside(folder: Path, now: datetime, kind: str = "") -> Path:
    return folder.with_name(f"{folder.name}.{now:%Y%m%dT%H%M%SZ}{kind}")
