"""Check the platform's folders: their names, owners and file systems."""

import os
import pwd
import sys
from collections.abc import Iterator
from pathlib import Path

from core.errors import PrerequisiteError
from core.settings import Settings
from stack.host.unprivileged import server_account

FORBIDDEN = frozenset('!:,;"#%*?[]{}\\$`') | frozenset(map(chr, range(32)))
"""Separators and escapes in class paths, Kafka's and supervisor's configuration, Spark's lists or file patterns."""


def check_folders(settings: Settings) -> None:
    """Raise `PrerequisiteError` with each unsuitable folder and what to do."""
    faults = list(_faults(settings))
    if faults:
        raise PrerequisiteError("; ".join(faults) + ".")


def owner(path: Path) -> str:
    """Name of the user who owns a file; the number if it has no name."""
    uid = path.lstat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _faults(settings: Settings) -> Iterator[str]:
    written = {
        settings.data_dir: "set ORDERPULSE_STACK__DATA_DIR to another folder",
        settings.checkpoint_dir: "set ORDERPULSE_STREAM__CHECKPOINT_DIR to another folder",
        settings.cache_dir: "set ORDERPULSE_STACK__CACHE_DIR to another folder",
        settings.root / "frontend": "work in your own copy of the project",
    }
    for folder in dict.fromkeys((settings.root, Path(sys.prefix), *written)):
        yield from _name(folder)
    for folder, way_out in written.items():
        yield from _not_ours(folder, way_out)
    yield from _of_others(settings.data_dir)
    if os.statvfs(_existing(settings.data_dir)).f_flag & os.ST_NOEXEC:
        yield (
            f"{settings.data_dir} is on a file system without the right to execute (noexec), but Java maps "
            "libraries from there: set ORDERPULSE_STACK__DATA_DIR to another folder"
        )


def _name(folder: Path) -> Iterator[str]:
    unfit = sorted(FORBIDDEN & set(str(folder)))
    if unfit:
        letters = " ".join(map(repr, unfit))
        yield f"the name of {str(folder)!r} has {letters}, which some tools cannot handle: rename it"


def _not_ours(folder: Path, way_out: str) -> Iterator[str]:
    there = _existing(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        yield (
            f"{there} belongs to {owner(there)} and may not be written by {_user()}: run as {owner(there)}, give it to "
            f"{_user()} (`chown -R`), or {way_out}"
        )


def _of_others(folder: Path) -> Iterator[str]:
    """Data left by another user's platform, on whose files PostgreSQL and Kafka would fail."""
    account = server_account()
    ours = {os.geteuid(), *([account.uid] if account else [])}
    if not os.access(folder, os.R_OK | os.X_OK):
        return
    other = next((path for path in sorted(folder.iterdir()) if path.lstat().st_uid not in ours), None)
    if other is not None:
        yield (
            f"{other} belongs to {owner(other)}, who ran the platform here before: run as {owner(other)}, or give all "
            f"of {folder} to {_user()} (`chown -R`)"
        )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
