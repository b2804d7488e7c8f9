"""A Spark checkpoint as a reader finds it: its batches, what of them cannot be read, its size.

Spark writes `offsets/N` before batch N and `commits/N` after it; each is a line with a
version and then JSON, one value a line. Both keep the newest batches only.
"""

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.checkpoints import batch_files, newest_commit, read_note, read_query_id

__all__ = ["BatchLog", "Checkpoint", "newest_commit", "read_checkpoint", "read_query_id"]

VERSION = re.compile(r"v\d+")
NO_OFFSET = "-"
"""What Spark writes for a source that has no offset yet."""


@dataclass(frozen=True, slots=True)
class BatchLog:
    """One of the two logs. `batch_ids` ascending; `faults` by batch id, in words; `newest_at` is None where empty."""

    batch_ids: tuple[int, ...]
    faults: dict[int, str]
    newest_at: datetime | None

    @property
    def newest(self) -> int | None:
        """The newest batch."""
        return self.batch_ids[-1] if self.batch_ids else None

    @property
    def gaps(self) -> tuple[int, ...]:
        """Batches that are missing between the oldest and the newest."""
        if not self.batch_ids:
            return ()
        return tuple(sorted(set(range(self.batch_ids[0], self.batch_ids[-1])) - set(self.batch_ids)))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A query's checkpoint. `query_id` is None where its file `metadata` is missing or unreadable."""

    folder: Path
    query_id: str | None
    offsets: BatchLog
    commits: BatchLog
    size_bytes: int

    @property
    def last_written_at(self) -> datetime | None:
        """When a batch was last begun or committed."""
        return max((log.newest_at for log in (self.offsets, self.commits) if log.newest_at), default=None)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Read the checkpoint in `folder`; None where there is none, or only the note that says where it is to begin.

    Safe beside a running query.

    A batch that is deleted or renamed during the reading is no gap: what looks like one is read once more.
    """
    if not folder.is_dir() or read_note(folder) is not None:
        return None
    commits, offsets = _read_log(folder / "commits"), _read_log(folder / "offsets")
    if commits.gaps or offsets.gaps:
        commits, offsets = _read_log(folder / "commits"), _read_log(folder / "offsets")
    return Checkpoint(folder, read_query_id(folder), offsets, commits, _size_bytes(folder))


def _read_log(folder: Path) -> BatchLog:
    files = batch_files(folder)
    faults, newest_at = {}, None
    for batch_id, path in sorted(files.items()):
        try:
            fault = _fault(path.read_bytes())
            newest_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            del files[batch_id]
            continue
        if fault is not None:
            faults[batch_id] = fault
    return BatchLog(tuple(sorted(files)), faults, newest_at)


def _fault(content: bytes) -> str | None:
    """What is wrong with a file of a log; None where nothing is."""
    if not content:
        return "is empty"
    version, *values = content.decode(errors="replace").splitlines()
    if not VERSION.fullmatch(version):
        return "does not begin with a version"
    if not values:
        return "ends after its first line"
    for value in values:
        try:
            if value != NO_OFFSET:
                json.loads(value)
        except json.JSONDecodeError:
            return "is cut off or damaged"
    return None


def _size_bytes(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(f"{parent}/{name}", follow_symlinks=False).st_size  # noqa: PTH116  # thousands of files
            except FileNotFoundError:
                continue
    return total
