"""`orderpulse run NAME`: what the process manager starts. It becomes the program."""

import os
from typing import NoReturn

from core.settings import Settings
from stack.launch import become
from stack.locks import acquire
from stack.programs import program

__all__ = ["run"]

EARLIER_INSTANCE_TIMEOUT_S = 20.0


def run(settings: Settings, name: str) -> NoReturn:
    """Take the lock of program `name`, prepare what it needs and become it.

    Raises `StackError` where an earlier instance does not end in time.
    """
    parent = os.getppid()
    chosen = program(name)
    acquire(settings, name, EARLIER_INSTANCE_TIMEOUT_S)
    become(chosen.launch(settings), parent)
