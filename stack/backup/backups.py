"""Backups of the database `realtime`: one snapshot of the data and the ledger, so that both agree.

A backup is a folder with a dump and a manifest. It is created under another name and renamed once it is complete
and on disk, so a folder with the final name is complete.
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
from stack.backup.manifest import DUMP, MANIFEST, Manifest, read_manifest, write_manifest
from stack.backup.snapshot import Snapshot, dump_snapshot
from stack.host.locks import acquire
from stack.profile import Profile
from stack.screen import Screen
from stack.servers.postgres.client import run_client

UNFINISHED = ".unfinished"

Backup = tuple[Path, Manifest]
"""A complete backup: its folder and its manifest."""


def backup_home(settings: Settings) -> Path:
    """Default folder of backups: one per profile, outside the data that a reset removes."""
    return settings.root / "backups" / Profile(settings.stack.profile, settings.stack.security == "on").folder


def make_backup(settings: Settings, home: Path, screen: Screen) -> Backup:
    """Create one in `home`, named by its time. Raises errors of `core.errors`, leaving nothing behind."""
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
    """Verify size, checksum, and that pg_restore can list its contents with every table.

    Raises `StackError` if it is damaged or incomplete.
    """
    manifest = read_manifest(folder)
    dump = folder / DUMP
    try:
        size, found = dump.stat().st_size, _sha256(dump)
    except OSError as error:
        raise StackError(f"{dump} cannot be read: {error.strerror}. Use another backup.") from None
    if (size, found) != (manifest.dump_bytes, manifest.dump_sha256):
        raise StackError(
            f"{dump} is damaged: it has {size:,} bytes and the checksum {found[:12]}..., its manifest says "
            f"{manifest.dump_bytes:,} and {manifest.dump_sha256[:12]}.... Use another backup."
        )
    listed = run_client(settings, ["pg_restore", "--list", str(dump)])
    missing = [name for name in manifest.rows if f"TABLE DATA {name.replace('.', ' ')} " not in listed]
    if missing:
        raise StackError(f"{dump} lacks the data of {', '.join(missing)}. Use another backup.")
    return manifest


def backups_in(home: Path) -> list[Backup]:
    """The complete backups in `home`, newest first; unreadable ones are skipped."""
    found = []
    for path in home.glob(f"*/{MANIFEST}"):
        try:
            found.append((path.parent, read_manifest(path.parent)))
        except StackError:
            continue
    whole = [each for each in found if not each[0].name.endswith(UNFINISHED)]
    return sorted(whole, key=lambda each: each[1].made_at, reverse=True)


def prune(home: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups in `home`; returns the removed ones."""
    old = [folder for folder, _ in backups_in(home)[keep:]]
    for folder in old:
        gone = folder.rename(folder.with_name(folder.name + UNFINISHED))
        shutil.rmtree(gone)
    return old


def _manifest(snapshot: Snapshot, dump: Path, now: datetime, screen: Screen) -> Manifest:
    with screen.step("calculated the checksum"):
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
    """fsync a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
