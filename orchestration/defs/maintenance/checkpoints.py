"""Sets part of a query's checkpoint aside; deletes nothing."""

from datetime import datetime
from pathlib import Path

from control.checkpoints import aside_of


def set_files_aside(folder: Path, files: list[Path], now: datetime) -> Path:
    """Move files of the checkpoint in `folder`, and their checksums, next to it; returns the target folder."""
    aside = aside_of(folder, now, ".torn")
    for path in files:
        for each in (path, path.with_name(f".{path.name}.crc")):
            if each.exists():
                target = aside / each.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                each.rename(target)
    return aside
