"""Size and age of a query's checkpoint, where its folder can be seen from here."""

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CheckpointSize", "measure"]


@dataclass(frozen=True, slots=True)
class CheckpointSize:
    """`written_at`: Unix time of the newest file of the logs of batches, in seconds."""

    size_bytes: int
    written_at: float | None


def measure(folder: Path) -> CheckpointSize | None:
    """Measure the checkpoint in `folder`; None where there is none. A file may go while one looks."""
    if not folder.is_dir():
        return None
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
    return CheckpointSize(total, newest)
