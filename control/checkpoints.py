"""The folder of a streaming query's checkpoint, for programs other than Spark: read it, keep drivers out, set it aside.

Nothing is ever deleted. A new checkpoint may hold a note for the job: begin where the ledger
ends. Without the note, a query without a checkpoint reads the topic from its first record.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from core.errors import CheckpointError

NOTE = "begin_at_ledger.json"
POLL_S = 0.1


def read_query_id(folder: Path) -> str | None:
    """The id that the query has as long as its checkpoint; None if it is missing or unreadable."""
    try:
        found = json.loads((folder / "metadata").read_text(encoding="utf-8"))
        return str(UUID(found["id"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def newest_commit(folder: Path) -> int | None:
    """The newest committed batch, by its name alone."""
    return max(batch_files(folder / "commits"), default=None)


def batch_files(folder: Path) -> dict[int, Path]:
    """The files of one of a checkpoint's logs (`offsets`, `commits`) by batch; none if there is no log."""
    try:
        return {int(path.name): path for path in folder.iterdir() if path.name.isdecimal()}
    except FileNotFoundError:
        return {}


def measure(folder: Path) -> tuple[int, datetime | None]:
    """A checkpoint's size in bytes, and when a batch was last begun or committed. A file may go meanwhile."""
    total, newest = 0, None
    logs = {str(folder / name) for name in ("offsets", "commits")}
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                found = os.stat(f"{parent}/{name}", follow_symlinks=False)  # noqa: PTH116  # thousands of files
            except FileNotFoundError:
                continue
            total += found.st_size
            if parent in logs:
                newest = max(newest or 0.0, found.st_mtime)
    return total, None if newest is None else datetime.fromtimestamp(newest, UTC)


def begin_at_ledger(folder: Path, now: datetime) -> Path | None:
    """Replace a query's checkpoint by an empty one with the note; returns where the former one is, None if there was none."""
    aside = set_aside(folder, now) if folder.is_dir() else None
    folder.mkdir(parents=True)
    (folder / NOTE).write_text("{}", encoding="utf-8")
    return aside


def begins_at_ledger(folder: Path) -> bool:
    """Whether a query's checkpoint holds the note, and Spark has not begun its first batch yet."""
    return (folder / NOTE).exists() and not batch_files(folder / "offsets")


@contextmanager
def driver_kept_out(folder: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock that a Spark driver holds on its checkpoints; one that starts meanwhile waits.

    A driver's JVM may outlive it by a second. Raises `CheckpointError` if one still works after
    `timeout_s` seconds.
    """
    if not folder.is_dir():
        raise CheckpointError(f"{folder} does not exist: the stream has never run with these settings.")
    descriptor = lock_file(folder)
    try:
        deadline = time.monotonic() + timeout_s
        while not try_lock(descriptor):
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 32, 0).decode() or "unknown"
                raise CheckpointError(
                    f"A Spark driver (pid {holder}) uses {folder}. Stop it with the job stop_spark_stream, "
                    "then try again."
                )
            time.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)


def set_aside(folder: Path, now: datetime) -> Path:
    """Rename a query's whole checkpoint; returns its new place. Raises `CheckpointError` if there is none."""
    if not folder.is_dir():
        raise CheckpointError(f"{folder} does not exist; the query has no checkpoint to reset.")
    aside = aside_of(folder, now)
    folder.rename(aside)
    return aside


def aside_of(folder: Path, now: datetime, kind: str = "") -> Path:
    """Where what is set aside at `now` goes: next to the checkpoint, with the time in its name."""
    return folder.with_name(f"{folder.name}.{now:%Y%m%dT%H%M%SZ}{kind}")


def lock_file(folder: Path) -> int:
    """Open the file whose lock a driver holds on its checkpoints; it contains the driver's pid."""
    return os.open(folder / "driver.lock", os.O_RDWR | os.O_CREAT, 0o644)


def try_lock(descriptor: int) -> bool:
    """Take the lock for as long as the file is open; False if another has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
