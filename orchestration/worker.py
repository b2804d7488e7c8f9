"""Whether the worker of a run is alive: it holds a lock from its first step until its process ends.

The kernel releases the lock however the process ends, even with the machine; a pid could have been reused.
"""

import fcntl
import os
from pathlib import Path

import dagster as dg

_held: dict[Path, int] = {}
"""Descriptors of this process's locks; only its end closes them."""


def show_worker(context: dg.InitResourceContext) -> None:
    """Take the lock of a resource's run; a sensor has no run."""
    if context.run is None or context.instance is None:
        return
    path = _path(context.instance, context.run.run_id)
    if path in _held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _held[path] = descriptor


def lives(instance: dg.DagsterInstance, run_id: str) -> bool | None:
    """Whether a process works on the run; None if no process has taken the lock yet, or the run is on another machine."""
    try:
        descriptor = os.open(_path(instance, run_id), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _path(instance: dg.DagsterInstance, run_id: str) -> Path:
    """Path of the lock, in the run's folder, which retention deletes with the run."""
    return Path(instance.storage_directory()) / run_id / "worker.lock"
