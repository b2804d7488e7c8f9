"""One lock per program, held by the program itself, so that it lasts exactly as long as the program."""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.errors import StackError
from core.settings import Settings

POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Holder:
    """A running program. `pid` is None if only its remaining children still run."""

    pid: int | None


def lock_path(settings: Settings, name: str) -> Path:
    """File that the program `name` locks with `flock` while it runs; it contains pid and start time."""
    return settings.data_dir / "locks" / f"{name}.lock"


def acquire(settings: Settings, name: str, timeout_s: float) -> int:
    """Take the lock of `name` for this process, also across `exec`.

    Waits up to `timeout_s` seconds for an earlier instance to end, then raises `StackError`.
    Returns the inheritable file descriptor of the lock.
    """
    path = lock_path(settings, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError:
        raise StackError(_of_another_user(settings)) from None
    deadline = time.monotonic() + timeout_s
    while not _try(descriptor):
        if time.monotonic() > deadline:
            pid = _living_pid(descriptor)
            os.close(descriptor)
            raise StackError(
                f"{name} is already running (pid {pid}), and did not end within {timeout_s:.0f} s."
            )
        time.sleep(POLL_S)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {_started(os.getpid())}".encode(), 0)
    fcntl.fcntl(descriptor, fcntl.F_SETFD, 0)  # keep it across exec
    return descriptor


def holder(settings: Settings, name: str) -> Holder | None:
    """The holder of the lock of `name`; None if the program does not run.

    The lock shows that it runs; the process's start time shows that the pid in the file
    was not reused by another program.
    """
    try:
        descriptor = os.open(lock_path(settings, name), os.O_RDWR)
    except FileNotFoundError:
        return None
    except PermissionError:
        raise StackError(_of_another_user(settings)) from None
    try:
        return None if _try(descriptor, fcntl.LOCK_SH) else Holder(_living_pid(descriptor))
    finally:
        os.close(descriptor)


def _of_another_user(settings: Settings) -> str:
    user = psutil.Process().username()
    return (
        f"The platform in {settings.data_dir} belongs to another user: {user} may not read its locks. Run as "
        "that user, or set ORDERPULSE_STACK__DATA_DIR to your own folder."
    )


def _try(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _living_pid(descriptor: int) -> int | None:
    """The pid in the lock file, if that process runs: its start time must match."""
    pid, _, started = os.pread(descriptor, 64, 0).decode().partition(" ")
    try:
        return int(pid) if _started(int(pid)) == int(started) else None
    except (ProcessLookupError, FileNotFoundError, ValueError):
        return None


def _started(pid: int) -> int:
    """Start time of the process in ticks since boot, which clock changes do not affect."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return int(stat.rpartition(")")[2].split()[19])
