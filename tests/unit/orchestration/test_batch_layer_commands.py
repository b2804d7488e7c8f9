"""A child process of a run: its lines, its failure, and its end with the run."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

import dagster as dg
import psutil
import pytest

from orchestration.commands import run_command
from stack.host.waiting import wait_until

LOG = logging.getLogger("test")


def python(program: str) -> list[str]:
    return [sys.executable, "-u", "-c", program]


def test_lines_of_both_outputs_are_logged_and_returned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = "import os, sys; print('one %s'); print('two', file=sys.stderr); print(os.getcwd())"
    with caplog.at_level(logging.INFO):
        lines = run_command(LOG, python(program), tmp_path)
    assert lines == ["one %s", "two", str(tmp_path)]
    assert caplog.messages[1:] == lines


def test_a_failure_ends_with_what_was_reported_last(tmp_path: Path) -> None:
    program = "import sys; print('the reason'); sys.exit(3)"
    with pytest.raises(dg.Failure) as caught:
        run_command(LOG, python(program), tmp_path)
    assert "ended with exit code 3. Its last lines:\nthe reason" in str(caught.value.description)
    assert caught.value.allow_retries is False


def test_a_death_by_signal_is_named(tmp_path: Path) -> None:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(dg.Failure) as caught:
        run_command(LOG, python(program), tmp_path)
    assert "was ended by SIGKILL" in str(caught.value.description)


def test_an_interruption_ends_the_whole_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child ignores SIGTERM and has a child of its own."""
    program = f"""
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({str(tmp_path / "pids")!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
print("started")
time.sleep(600)
"""
    pids = tmp_path / "pids"

    def interrupt() -> None:
        wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2, 30)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    monkeypatch.setattr("orchestration.commands.GRACE_S", 0.5)
    with pytest.raises(KeyboardInterrupt):
        run_command(LOG, python(program), tmp_path)
    ended = [int(pid) for pid in pids.read_text().split()]
    assert wait_until(lambda: not any(map(is_alive, ended)), 10)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
