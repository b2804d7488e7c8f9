"""Start, stop and restart single programs of a running platform.

The desired state of generator and stream is written first, as Dagster's jobs do: a stopped one stays stopped.
"""

import getpass
from collections.abc import Sequence

from control.desired import Desired, set_desired
from control.hosts import process_host
from core import postgres
from core.errors import StackError
from core.settings import Settings
from stack.local.down import down
from stack.local.manager import Manager
from stack.local.programs import SERVICES, Program, programs_of
from stack.local.up import refuse_other_settings, up, wait_well
from stack.screen import Screen

ANSWER_TIMEOUT_S = 5.0


def start_programs(settings: Settings, chosen: Sequence[Program], screen: Screen) -> None:
    """Start each program that does not run, and wait until it is well. Raises `StackError`."""
    _require(settings, chosen)
    refuse_other_settings(settings)
    for program in chosen:
        if program.name in SERVICES:
            _want(settings, program.name, "running", "start")
            process_host(settings, program.name).start()
        elif not Manager(settings).programs()[program.name].going:
            Manager(settings).start_program(program.name)
    _wait_well(settings, chosen, screen)


def stop_programs(settings: Settings, chosen: Sequence[Program], screen: Screen) -> None:
    """Stop each program, in the order of stopping, and wait until it has ended. Raises `StackError`."""
    _require(settings, chosen)
    for program in reversed(chosen):
        if program.name in SERVICES:
            _want(settings, program.name, "stopped", "stop")
            process_host(settings, program.name).stop(wait=True)
        else:
            Manager(settings).stop_program(program.name)
        screen.say(f"  {program.name} is stopped; `orderpulse start {program.name}` starts it")


def restart_programs(settings: Settings, chosen: Sequence[Program], screen: Screen) -> None:
    """Stop each program and start it again, whatever its state was. Raises `StackError`."""
    _require(settings, chosen)
    refuse_other_settings(settings)
    for program in reversed(chosen):
        if program.name not in SERVICES:
            Manager(settings).stop_program(program.name)
    for program in chosen:
        if program.name in SERVICES:
            _want(settings, program.name, "running", "restart")
            process_host(settings, program.name).restart()
        else:
            Manager(settings).start_program(program.name)
    _wait_well(settings, chosen, screen)


def restart_platform(settings: Settings, screen: Screen) -> None:
    """Stop everything and start what ran, or everything if nothing ran. Raises `StackError`."""
    manager, programs = Manager(settings), programs_of(settings)
    managed = manager.programs() if manager.pid() is not None else {}
    ran = [program for program in programs if not managed or program.once or managed[program.name].wanted]
    down(settings, lambda text: screen.say(f"  {text}"))
    up(settings, ran, screen)


def _require(settings: Settings, chosen: Sequence[Program]) -> None:
    """Somebody must be there who can start and stop them."""
    elsewhere = settings.dagster.process_host == "services"
    if elsewhere and all(program.name in SERVICES for program in chosen):
        return
    if elsewhere or Manager(settings).pid() is None:
        names = ",".join(program.name for program in chosen)
        raise StackError(
            f"No process manager runs, so nothing can be started or stopped. `orderpulse up` starts the platform, "
            f"`orderpulse up --only {names}` a part of it."
        )


def _want(settings: Settings, name: str, desired: Desired, verb: str) -> None:
    postgres.wait_until_reachable(settings.postgres, ANSWER_TIMEOUT_S)
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        reason = f"{verb} asked for by {getpass.getuser()}, with `orderpulse {verb} {name}`"
        set_desired(connection, name, desired, reason)


def _wait_well(settings: Settings, chosen: Sequence[Program], screen: Screen) -> None:
    if settings.dagster.process_host == "services":
        return
    for program in chosen:
        if not program.once:
            with screen.step(f"{program.name} is well"):
                wait_well(settings, Manager(settings), program.name)
