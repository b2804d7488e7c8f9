"""`orderpulse run NAME`: what the process manager starts. It becomes the program."""

import os
import sys
from typing import NoReturn

from control.process_manager import StartLog, socket_path
from core.settings import Settings
from stack.host.environment import child_environment
from stack.host.launch import Launch, become
from stack.host.locks import acquire
from stack.local.programs import SERVICES, program
from stack.local.supervisor_config import SUPERVISOR, write_configuration

EARLIER_INSTANCE_TIMEOUT_S = 20.0


def run(settings: Settings, name: str) -> NoReturn:
    """Take the lock of program `name`, prepare what it needs and become it.

    Raises `StackError` if an earlier instance does not end in time.
    """
    parent = os.getppid()
    launch = _manager if name == SUPERVISOR else program(name).launch
    if name != SUPERVISOR and program(name).background:
        os.nice(settings.stack.background_niceness)
    acquire(settings, name, EARLIER_INSTANCE_TIMEOUT_S)
    failures = _wait_for_turn(settings, name, parent) if name in SERVICES else 0
    StartLog(settings, name).add(failures)
    become(launch(settings), parent)


def _wait_for_turn(settings: Settings, name: str, parent: int) -> int:
    if StartLog(settings, name).last() is None:
        return 0
    from stack.local.pause import (
        wait_for_turn,  # clients of database and broker, which a first start does without
    )

    return wait_for_turn(settings, name, parent)


def _manager(settings: Settings) -> Launch:
    """The manager outlives the command that started it, so it has no death signal."""
    socket_path(settings).unlink(missing_ok=True)
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(write_configuration(settings))]
    return Launch(command, child_environment(settings), settings.root)
