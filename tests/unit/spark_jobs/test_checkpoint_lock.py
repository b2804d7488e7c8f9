"""One driver a checkpoint: the lock is the process's, and that of the JVM it started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import CheckpointError
from spark_jobs.checkpoint_lock import lock_checkpoint

HOLD = """
import subprocess, sys
from pathlib import Path
from spark_jobs.checkpoint_lock import lock_checkpoint
descriptor = lock_checkpoint(Path(sys.argv[1]), 0)
if "with-child" in sys.argv:
    child = subprocess.Popen(["cat"], stdin=sys.stdin, pass_fds=[descriptor])
print("held", flush=True)
sys.stdin.read() if "with-child" not in sys.argv else child.wait()
"""


def hold(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(folder), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_folder_is_made_and_locked(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "checkpoint"
    os.close(lock_checkpoint(folder, 0))
    assert (folder / "driver.lock").read_text() == str(os.getpid())


def test_a_second_driver_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with hold(tmp_path) as first:
        with pytest.raises(CheckpointError, match=rf"pid {first.pid}\) uses {tmp_path}"):
            lock_checkpoint(tmp_path, 0.2)
        first.kill()


def test_the_lock_of_a_killed_driver_is_free(tmp_path: Path) -> None:
    with hold(tmp_path) as first:
        first.kill()
        first.wait()
        os.close(lock_checkpoint(tmp_path, 0))


def test_a_driver_that_ends_in_time_is_waited_for(tmp_path: Path) -> None:
    with hold(tmp_path) as first:
        assert first.stdin is not None
        first.stdin.close()
        os.close(lock_checkpoint(tmp_path, 30))


def test_the_jvm_of_a_killed_driver_still_holds_it(tmp_path: Path) -> None:
    with hold(tmp_path, "with-child") as first:
        first.kill()
        first.wait()
        with pytest.raises(CheckpointError):
            lock_checkpoint(tmp_path, 0.2)
        assert first.stdin is not None
        first.stdin.close()
        os.close(lock_checkpoint(tmp_path, 30))
