"""One lock a program: held by the program itself, so that it lasts exactly as long as it does."""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import StackError
from core.settings import Settings

__all__ = ["Holder", "acquire", "holder", "lock_path"]

POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Holder:
    """A living program. `pid` is None where only children that it left behind still live."""

    pid: int | None


def lock_path(settings: Settings, name: str) -> Path:
    """File whose `flock` the program `name` holds while it lives; it contains its pid and start."""
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
            pid = _living_pid(descriptor)
            os.close(descriptor)
            raise StackError(
                f"{name} is running already (pid {pid}), and did not end within {timeout_s:.0f} s."
            )
        time.sleep(POLL_S)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {_started(os.getpid())}".encode(), 0)
    fcntl.fcntl(descriptor, fcntl.F_SETFD, 0)  # keep it across exec
    return descriptor


def holder(settings: Settings, name: str) -> Holder | None:
    """Who holds the lock of `name`; None where nothing does, so the program does not live.

    The lock, not the number in the file, tells that it lives, and the process's start
    that the number still means it: a pid given to another program cannot mislead.
    """
    try:
        descriptor = os.open(lock_path(settings, name), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _try(descriptor, fcntl.LOCK_SH) else Holder(_living_pid(descriptor))
    finally:
        os.close(descriptor)


def _try(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _living_pid(descriptor: int) -> int | None:
    """The pid that the lock file names, if that very process lives: its start must match."""
    pid, _, started = os.pread(descriptor, 64, 0).decode().partition(" ")
    try:
        return int(pid) if _started(int(pid)) == int(started) else None
    except (ProcessLookupError, FileNotFoundError, ValueError):
        return None


def _started(pid: int) -> int:
    """When the process began, in ticks since the machine started: a step of the clock does not change it."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return int(stat.rpartition(")")[2].split()[19])
