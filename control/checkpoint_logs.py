"""The contents of a Spark checkpoint: its batches, unreadable files, its size.

Spark writes `offsets/N` before batch N and `commits/N` after it; each is a line with a
version and then JSON, one value per line. Both keep only the newest batches.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from control.checkpoints import batch_files, begins_at_ledger, measure, read_query_id

VERSION = re.compile(r"v\d+")
NO_OFFSET = "-"
"""Spark's placeholder for a source without an offset."""


@dataclass(frozen=True, slots=True)
class BatchLog:
    """One of the two logs. `batch_ids` ascending; `faults` by batch id, in words."""

    batch_ids: tuple[int, ...]
    faults: dict[int, str]

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
    """A query's checkpoint. `query_id` is None if its file `metadata` is missing or unreadable."""

    folder: Path
    query_id: str | None
    offsets: BatchLog
    commits: BatchLog
    size_bytes: int
    last_written_at: datetime | None
    """When a batch was last begun or committed."""


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Read the checkpoint in `folder`; None if there is none, or only the note about where it should begin.

    Safe while the query runs.

    A batch that is deleted or renamed meanwhile is not a gap: apparent gaps are read again.
    """
    if not folder.is_dir() or begins_at_ledger(folder):
        return None
    commits, offsets = _read_log(folder / "commits"), _read_log(folder / "offsets")
    if commits.gaps or offsets.gaps:
        commits, offsets = _read_log(folder / "commits"), _read_log(folder / "offsets")
    size_bytes, written_at = measure(folder)
    return Checkpoint(folder, read_query_id(folder), offsets, commits, size_bytes, written_at)


def _read_log(folder: Path) -> BatchLog:
    files = batch_files(folder)
    faults = {}
    for batch_id, path in sorted(files.items()):
        try:
            fault = _fault(path.read_bytes())
        except FileNotFoundError:
            del files[batch_id]
            continue
        if fault is not None:
            faults[batch_id] = fault
    return BatchLog(tuple(sorted(files)), faults)


def _fault(content: bytes) -> str | None:
    """The fault of a log's file; None if it has none."""
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
