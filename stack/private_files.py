"""Files that are replaced at once, and those that only their owner may read."""

import os
from pathlib import Path

__all__ = ["replace_file", "write_private"]


def write_private(path: Path, content: bytes | str) -> None:
    """Put `content` in place of the file `path`; only its owner may read it."""
    replace_file(path, content.encode() if isinstance(content, str) else content, 0o600)


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """The same with other rights: a reader finds the old file or the new one, whole and on the disk."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(mode)
    draft.replace(path)
