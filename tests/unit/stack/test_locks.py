"""A program is known by its lock: what lives, what does not, and whose pid it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import StackError
from core.settings import Settings, load_settings
from stack.host.locks import Holder, acquire, holder, lock_path

HOLD = """
import sys
from core.settings import load_settings
from stack.host.locks import acquire
acquire(load_settings(stack={"data_dir": sys.argv[1]}), "kafka", 0)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(stack={"data_dir": tmp_path})


def test_nobody_holds_what_was_never_taken(settings: Settings) -> None:
    assert holder(settings, "kafka") is None


def test_a_second_instance_waits_and_then_reports_it(settings: Settings) -> None:
    held = acquire(settings, "kafka", 0)
    try:
        with pytest.raises(StackError, match=rf"kafka is already running \(pid {os.getpid()}\)"):
            acquire(settings, "kafka", 0.3)
        assert holder(settings, "kafka") == Holder(os.getpid())
    finally:
        os.close(held)
    assert holder(settings, "kafka") is None


def test_a_killed_program_holds_nothing(settings: Settings, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert holder(settings, "kafka") == Holder(process.pid)
        process.kill()
    assert holder(settings, "kafka") is None


def test_a_stale_pid_is_not_taken_for_the_program(settings: Settings) -> None:
    """The file names a living process that never held the lock: a pid used again."""
    path = lock_path(settings, "kafka")
    path.parent.mkdir()
    path.write_text(f"{os.getpid()} 1.0")
    assert holder(settings, "kafka") is None


def test_a_lock_held_under_a_reused_pid_names_nobody(settings: Settings) -> None:
    held = acquire(settings, "kafka", 0)
    try:
        lock_path(settings, "kafka").write_text(f"{os.getpid()} 1.0")
        assert holder(settings, "kafka") == Holder(None)
    finally:
        os.close(held)
