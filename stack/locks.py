"""One lock a program: held by the program itself, so that it lasts exactly as long as it does."""

import fcntl
import os
import time
from pathlib import Path

from core.errors import StackError
from core.settings import Settings

__all__ = ["acquire", "holder", "lock_path"]

POLL_S = 0.1


def lock_path(settings: Settings, name: str) -> Path:
    """File whose `flock` the program `name` holds while it lives; it contains the program's pid."""
    return settings.data_dir / "locks" / f"{name}.lock"


def acquire(settings: Settings, name: str, timeout_s: float) -> int:
    """Take the lock of `name` for this process and what it becomes by `exec`.

    Waits up to `timeout_s` seconds for an earlier instance to end, then raises `StackError`.
    Returns the inheritable file descriptor that holds the lock.
    """
    path = lock_path(settings, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + timeout_s
    while not _try(descriptor):
        if time.monotonic() > deadline:
            pid = _read_pid(descriptor)
            os.close(descriptor)
            raise StackError(
                f"{name} is running already (pid {pid}), and did not end within {timeout_s:.0f} s."
            )
        time.sleep(POLL_S)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    fcntl.fcntl(descriptor, fcntl.F_SETFD, 0)  # keep it across exec
    return descriptor


def holder(settings: Settings, name: str) -> int | None:
    """Pid of the living program `name`; None where nothing holds its lock.

    The lock, not the number in the file, tells that it lives: a pid that another
    program was given since cannot mislead.
    """
    try:
        descriptor = os.open(lock_path(settings, name), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _try(descriptor, fcntl.LOCK_SH) else _read_pid(descriptor)
    finally:
        os.close(descriptor)


def _try(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_pid(descriptor: int) -> int | None:
    text = os.pread(descriptor, 20, 0).decode()
    return int(text) if text.isdigit() else None
