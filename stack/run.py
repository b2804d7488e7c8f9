"""`orderpulse run NAME`: what the process manager starts. It becomes the program."""

import os
import sys
from typing import NoReturn

from core.process_manager import StartLog, socket_path
from core.settings import Settings
from stack.environment import child_environment
from stack.launch import Launch, become
from stack.locks import acquire
from stack.programs import program
from stack.supervisor_config import SUPERVISOR, write_configuration

__all__ = ["run"]

EARLIER_INSTANCE_TIMEOUT_S = 20.0


def run(settings: Settings, name: str) -> NoReturn:
    """Take the lock of program `name`, prepare what it needs and become it.

    Raises `StackError` where an earlier instance does not end in time.
    """
    parent = os.getppid()
    launch = _manager if name == SUPERVISOR else program(name).launch
    if name != SUPERVISOR and program(name).background:
        os.nice(settings.stack.background_niceness)
    acquire(settings, name, EARLIER_INSTANCE_TIMEOUT_S)
    StartLog(settings, name).add()
    become(launch(settings), parent)


def _manager(settings: Settings) -> Launch:
    """The manager outlives the command that started it, so it has no death signal."""
    socket_path(settings).unlink(missing_ok=True)
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(write_configuration(settings))]
    return Launch(command, child_environment(settings), settings.root)
