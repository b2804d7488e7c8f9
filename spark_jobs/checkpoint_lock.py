"""One driver per checkpoint: an advisory lock that outlives a killed Python process.

The lock belongs to the open file, which the driver's JVM inherits; it is released only when
both have ended.
"""

import os
import time
from pathlib import Path

from control.checkpoints import lock_file, try_lock
from core.errors import CheckpointError
from core.logging import get_logger

log = get_logger(__name__)


def lock_checkpoint(folder: Path, timeout_s: float) -> int:
    """Lock `folder` and return the file descriptor of the lock.

    Waits for an earlier driver to end; raises `CheckpointError` after `timeout_s` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = lock_file(folder)
    deadline = time.monotonic() + timeout_s
    waiting = False
    while not try_lock(descriptor):
        if time.monotonic() > deadline:
            holder = os.pread(descriptor, 32, 0).decode() or "unknown"
            os.close(descriptor)
            raise CheckpointError(
                f"Another Spark driver (pid {holder}) uses {folder} and did not end within {timeout_s:.0f} s. "
                "Two drivers on one checkpoint would corrupt it; stop the other first."
            )
        if not waiting:
            log.info("checkpoint.waiting", folder=str(folder))
            waiting = True
        time.sleep(0.1)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor
