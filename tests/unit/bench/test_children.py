"""A child of a benchmark pauses, and ends, with all its descendants; Spark's JVM has a group of its own."""

from pathlib import Path

import psutil

from bench.children import Child
from core.settings import Settings
from stack.host.waiting import wait_until

TREE = """
import subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; print('asleep', flush=True); time.sleep(60)"]
subprocess.run([sys.executable, "-c", f"import subprocess; subprocess.run({sleeper}, start_new_session=True)"])
"""
"""Nothing waits for the minute of the innermost: it is ended, with the others, by the test."""


def test_a_pause_and_the_end_reach_descendants_in_every_group(settings: Settings, tmp_path: Path) -> None:
    with Child("tree", ["-c", TREE], settings, tmp_path / "tree.log") as child:
        child.wait_ready(lambda: "asleep" in child.log.read_text())
        child.pause()
        family = child.family()
        assert len(family) == 3
        # The signal is sent at once, and takes effect when the process gets its turn.
        assert wait_until(lambda: all(each.status() == psutil.STATUS_STOPPED for each in family), 5.0)
        child.resume()
        assert wait_until(lambda: all(each.status() != psutil.STATUS_STOPPED for each in family), 10.0)
    assert wait_until(lambda: all(_ended(each) for each in family), 10.0)


def _ended(process: psutil.Process) -> bool:
    """True for a zombie too: the one that adopted it may be slow to reap it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
