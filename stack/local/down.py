"""Stop the platform: the generator before the stream, the process manager last, and nothing left behind."""

import signal
from collections.abc import Callable
from itertools import groupby

from control.process_manager import StartLog
from core.errors import StackError
from core.settings import Settings
from stack.host.locks import holder
from stack.host.ports import port_holder
from stack.host.waiting import wait_until
from stack.local.drain import drain
from stack.local.ending import end_orphans, end_process
from stack.local.manager import Manager
from stack.local.programs import programs_of
from stack.local.supervisor_config import SUPERVISOR

MANAGER_TIMEOUT_S = 20.0
PORT_TIMEOUT_S = 10.0
STREAM = "spark_stream"


def down(settings: Settings, tell: Callable[[str], None]) -> bool:
    """Stop everything; False if nothing ran. `tell` is given each step.

    Raises `StackError` if a process cannot be ended or a port stays open.
    """
    manager = Manager(settings)
    ran = holder(settings, SUPERVISOR) is not None
    watched = [
        port
        for program in programs_of(settings)
        if (port := program.port(settings)) and holder(settings, program.name)
    ]
    if ran and manager.answers():
        _stop_managed(settings, manager, tell)
        manager.shut_down()
        wait_until(lambda: holder(settings, SUPERVISOR) is None, MANAGER_TIMEOUT_S)
    if holder(settings, SUPERVISOR) is not None:
        tell("ending the process manager, which does not answer")
        end_process(settings, SUPERVISOR, signal.SIGKILL, MANAGER_TIMEOUT_S)
    orphans = end_orphans(settings)
    if orphans:
        tell(f"ended {', '.join(orphans)}, which had outlived the process manager")
    _verify(watched)
    return ran or bool(orphans)


def _stop_managed(settings: Settings, manager: Manager, tell: Callable[[str], None]) -> None:
    """Programs of one order together: the last of several brokers would wait for the others to take over."""
    managed = manager.programs()
    running = [p for p in reversed(programs_of(settings)) if p.name in managed and managed[p.name].wanted]
    for _, group in groupby(running, key=lambda program: program.order):
        names = [program.name for program in group]
        if STREAM in names and managed[STREAM].going and StartLog(settings, STREAM).pause() is None:
            drain(settings, tell)
        tell(f"stopping {', '.join(names)}")
        for name in names[1:]:
            manager.stop_program(name, wait=False)
        for name in names:
            manager.stop_program(name)


def _verify(ports: list[int]) -> None:
    if wait_until(lambda: all(port_holder(port) is None for port in ports), PORT_TIMEOUT_S):
        return
    open_still = [str(found) for port in ports if (found := port_holder(port))]
    raise StackError(f"All programs were ended, and yet {'; '.join(open_still)}.")
