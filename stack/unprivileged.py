"""The account that PostgreSQL runs under when we are root, which it refuses to run as."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import PrerequisiteError

__all__ = ["ACCOUNT", "Account", "can_enter", "server_account"]

ACCOUNT = "orderpulse"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine, by its numbers."""

    uid: int
    gid: int

    def process_options(self) -> dict[str, Any]:
        """Arguments of `subprocess.run` that make a child run under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account | None:
    """The account for PostgreSQL, made when missing; None where we are not root and keep our own."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        entry = _create()
    return Account(entry.pw_uid, entry.pw_gid)


def can_enter(account: Account | None, folder: Path) -> bool:
    """Whether the account may enter `folder`, or the nearest ancestor that exists, and read in it."""
    if account is None:
        return True
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return all(_may_pass(account, path) for path in (existing.resolve(), *existing.resolve().parents))


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
            f"PostgreSQL does not run as root, and there is no useradd to make it a user: add a user named {ACCOUNT}, "
            "or run orderpulse as a user that is not root."
        )
    command = [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", ACCOUNT]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise PrerequisiteError(
            f"PostgreSQL does not run as root, and the user {ACCOUNT} could not be made: {answer.stderr.strip()}"
        ) from None
