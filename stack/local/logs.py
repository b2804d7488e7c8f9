"""Show the log of a program: raw, or formatted for reading."""

import json
import subprocess
import sys
from typing import Any

import structlog

from control.process_manager import log_path
from core.errors import StackError
from core.settings import Settings
from stack.local.programs import named
from stack.local.supervisor_config import SUPERVISOR

INTERRUPTED = 130


def show(settings: Settings, name: str, lines: int, *, follow: bool, as_json: bool) -> int:
    """Print the last `lines` of a log, and follow it across rotations. Returns the exit code.

    Raises `StackError` if there is no such program or no log yet.
    """
    path = log_path(settings, name if name == SUPERVISOR else named(settings, [name])[0].name)
    if not path.exists():
        raise StackError(f"{name} has written no log yet ({path}).")
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as tail:
        assert tail.stdout is not None, "it is a pipe"
        try:
            for line in tail.stdout:
                print(
                    line.rstrip("\n") if as_json else readable(line, colours=sys.stdout.isatty()), flush=True
                )
        except (KeyboardInterrupt, BrokenPipeError):
            tail.terminate()
            sys.stdout = None  # nobody reads it any more
            return INTERRUPTED
    return tail.returncode


def readable(line: str, *, colours: bool = False) -> str:
    """A line of JSON as a process writes it on a terminal; any other line as it is."""
    line = line.rstrip("\n")
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or "event" not in entry:
        return line
    renderer = structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0)
    return str(renderer(None, "", entry))
