"""Backups of the database `realtime`: one snapshot of the data and the ledger, so that both agree.

A backup is a folder with a dump and a manifest. It is made under another name and renamed when it is whole
and on the disk, so a folder without that other name is one that can be trusted.
"""

import hashlib
import os
import shutil
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from core.clock import utc_now
from core.errors import StackError
from core.settings import Settings
from stack.backup_manifest import DUMP, MANIFEST, Manifest, read_manifest, write_manifest
from stack.backup_snapshot import Snapshot, dump_snapshot
from stack.locks import acquire
from stack.postgres_client import run_client
from stack.profile import Profile
from stack.screen import Screen

__all__ = ["Backup", "backup_home", "backups_in", "make_backup", "prune", "verify_backup"]

UNFINISHED = ".unfinished"

Backup = tuple[Path, Manifest]
"""A whole backup: its folder and its manifest."""


def backup_home(settings: Settings) -> Path:
    """Where backups go unless told otherwise: a folder for each profile, outside the data that a reset removes."""
    return settings.root / "backups" / Profile(settings.stack.profile, settings.stack.security == "on").folder


def make_backup(settings: Settings, home: Path, screen: Screen) -> Backup:
    """Make one below `home`, named by its time. Raises `StackError` and its kin, and leaves nothing behind then."""
    lock = acquire(settings, "backup", 0)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in home.glob(f"*{UNFINISHED}"):
            shutil.rmtree(left)
        now = utc_now()
        target = home / f"{now:%Y%m%dT%H%M%SZ}"
        if target.exists():
            raise StackError(f"{target} exists already, and no backup is overwritten. Try again in a second.")
        folder = target.with_name(target.name + UNFINISHED)
        folder.mkdir(mode=0o700)
        try:
            snapshot = dump_snapshot(settings, folder / DUMP, screen)
            write_manifest(folder, _manifest(snapshot, folder / DUMP, now, screen))
            _sync(folder / DUMP)
            _sync(folder)
            folder.rename(target)
            _sync(home)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return target, read_manifest(target)
    finally:
        os.close(lock)


def verify_backup(settings: Settings, folder: Path) -> Manifest:
    """Whether it is whole: size, checksum, and a list of contents that pg_restore can read and that has every table.

    Raises `StackError` where it is not.
    """
    manifest = read_manifest(folder)
    dump = folder / DUMP
    try:
        size, found = dump.stat().st_size, _sha256(dump)
    except OSError as error:
        raise StackError(f"{dump} cannot be read: {error.strerror}. Take another backup.") from None
    if (size, found) != (manifest.dump_bytes, manifest.dump_sha256):
        raise StackError(
            f"{dump} is damaged: it has {size:,} bytes and the checksum {found[:12]}..., its manifest says "
            f"{manifest.dump_bytes:,} and {manifest.dump_sha256[:12]}.... Take another backup."
        )
    listed = run_client(settings, ["pg_restore", "--list", str(dump)])
    missing = [name for name in manifest.rows if f"TABLE DATA {name.replace('.', ' ')} " not in listed]
    if missing:
        raise StackError(f"{dump} lacks the data of {', '.join(missing)}. Take another backup.")
    return manifest


def backups_in(home: Path) -> list[Backup]:
    """The whole backups below `home`, the newest first; what cannot be read is left out."""
    found = []
    for path in home.glob(f"*/{MANIFEST}"):
        try:
            found.append((path.parent, read_manifest(path.parent)))
        except StackError:
            continue
    whole = [each for each in found if not each[0].name.endswith(UNFINISHED)]
    return sorted(whole, key=lambda each: each[1].made_at, reverse=True)


def prune(home: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups below `home`; returns what went."""
    old = [folder for folder, _ in backups_in(home)[keep:]]
    for folder in old:
        gone = folder.rename(folder.with_name(folder.name + UNFINISHED))
        shutil.rmtree(gone)
    return old


def _manifest(snapshot: Snapshot, dump: Path, now: datetime, screen: Screen) -> Manifest:
    with screen.step("worked out the checksum"):
        checksum = _sha256(dump)
    return Manifest(
        made_at=now,
        release=version("orderpulse"),
        server=snapshot.server,
        revision=snapshot.revision,
        topic=snapshot.topic,
        positions=snapshot.positions,
        rows=snapshot.rows,
        dump_bytes=dump.stat().st_size,
        dump_sha256=checksum,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
