"""The account for PostgreSQL if we are root, because PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import PrerequisiteError

ACCOUNT = "orderpulse"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine, by numeric ids."""

    uid: int
    gid: int

    def process_options(self) -> dict[str, Any]:
        """Arguments of `subprocess.run` that make a child run under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account | None:
    """The account for PostgreSQL, created if missing; None to keep our own if we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        entry = _create()
    return Account(entry.pw_uid, entry.pw_gid)


def can_enter(account: Account | None, folder: Path) -> bool:
    """Whether the account may enter and read `folder`, or its nearest existing ancestor."""
    if account is None:
        return True
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return all(_may_pass(account, path) for path in (existing.resolve(), *existing.resolve().parents))


def make_passable(account: Account | None, *folders: Path) -> None:
    """Create each folder, outermost first; the account may traverse but not list it, whatever the umask."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        if account is not None and not _may_pass(account, folder):
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH | stat.S_IXGRP)


def make_readable(folder: Path) -> None:
    """Let all users read everything in the folder, and execute what its owner may execute."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | 0o444 | (0o111 if mode & stat.S_IXUSR else 0))


def _may_pass(account: Account, folder: Path) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _create() -> pwd.struct_passwd:
    program = shutil.which("useradd", path=os.defpath + ":/usr/sbin:/sbin")
    if program is None:
        raise PrerequisiteError(
            f"PostgreSQL does not run as root, and there is no useradd to create a user for it: add a user named {ACCOUNT}, "
            "or run orderpulse as a non-root user."
        )
    command = [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", ACCOUNT]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise PrerequisiteError(
            f"PostgreSQL does not run as root, and the user {ACCOUNT} could not be created: {answer.stderr.strip()}"
        ) from None
