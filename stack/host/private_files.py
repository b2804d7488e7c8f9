"""Atomic replacement of files, and files that only their owner may read."""

import os
from pathlib import Path


def write_private(path: Path, content: bytes | str) -> None:
    """Replace the file `path` by `content`, readable only by its owner."""
    replace_file(path, content.encode() if isinstance(content, str) else content, 0o600)


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """The same with other permissions: a reader sees the old or the new file, complete and on disk."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(mode)
    draft.replace(path)
