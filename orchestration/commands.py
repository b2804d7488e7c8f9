"""Runs another package's command line as a child, with its output in the run's log.

The child inherits the worker's environment, so it reads the same settings. It leads a process
group that ends with the run, so a cancelled run leaves no work behind.
"""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from logging import Logger
from pathlib import Path

import dagster as dg

GRACE_S = 10.0
"""How long a child may take to end after SIGTERM before its group is killed."""

KEPT_LINES = 40


def run_module(log: Logger, module: str, arguments: Sequence[str], folder: Path) -> list[str]:
    """`python -m module arguments...` in `folder`; see `run_command`."""
    return run_command(log, [sys.executable, "-u", "-m", module, *arguments], folder)


def run_command(log: Logger, command: Sequence[str], folder: Path) -> list[str]:
    """Run a program until it ends; returns its last lines from both outputs.

    Raises `dagster.Failure` with these lines if its exit code is not 0. An exception
    that interrupts this (a cancelled run, SIGTERM) ends the whole process group first.
    """
    log.info("Starting %s", " ".join(command))
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        assert process.stdout is not None, "it is a pipe"
        for line in process.stdout:
            lines.append(line.rstrip())
            log.info("%s", line.rstrip())
        code = process.wait()
    finally:
        _end_group(process)
    if code != 0:
        raise dg.Failure(_why(command, code, lines), allow_retries=False)
    return list(lines)


def _why(command: Sequence[str], code: int, lines: Sequence[str]) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    said = "\n".join(lines) or "(no output)"
    return f"{' '.join(command)} {how}. Its last lines:\n{said}"


def _end_group(process: subprocess.Popen[str]) -> None:
    """End the rest of the child's group: first SIGTERM, then SIGKILL."""
    _signal_group(process, signal.SIGTERM)
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
