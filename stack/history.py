"""`orderpulse import`: the reader of the file, whose events go through a pipe to the batch layer.

They are two programs because they belong to two packages; this also lets them use two processors.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from core.settings import Settings
from stack.host.environment import child_environment
from stack.host.launch import Launch

REJECTED = ".rejected.jsonl"


def import_history(settings: Settings, file: Path, reading: Sequence[str], loading: Sequence[str]) -> Launch:
    """Start the reader. Returns the batch layer's program, which this process must become: its input is the reader's output."""
    file = file.absolute()
    environment = child_environment(settings)
    reader = subprocess.Popen(
        [sys.executable, "-m", "intake", "history", str(file), *reading],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=settings.root,
    )
    assert reader.stdout is not None, "it is a pipe"
    os.dup2(reader.stdout.fileno(), 0)
    command = [sys.executable, "-m", "spark_jobs.history", "--rejected", f"{file}{REJECTED}", *loading]
    return Launch(command, environment, settings.root)
