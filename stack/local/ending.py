"""End what outlived the process manager, by lock and process, never by a name."""

import os
import signal

import psutil

from core.errors import StackError
from core.settings import Settings
from stack.host.locks import Holder, holder
from stack.host.waiting import wait_until
from stack.local.programs import programs_of
from stack.servers.dagster.strays import end_strays

KILL_TIMEOUT_S = 20.0


def end_orphans(settings: Settings) -> list[str]:
    """Stop every program that lives without a manager, in the order of stopping, and the workers of
    Dagster's runs. Returns their names.

    Raises `StackError` for one that cannot be ended.
    """
    ended = []
    for program in reversed(programs_of(settings)):
        if holder(settings, program.name) is not None:
            end_process(settings, program.name, program.stop_signal, program.stop_timeout_s)
            ended.append(program.name)
    if end_strays(settings):
        ended.append("workers of Dagster's runs")
    return ended


def end_process(settings: Settings, name: str, stop_signal: signal.Signals, timeout_s: float) -> None:
    """Ask the holder of the lock `name` to stop, kill its group if it does not within `timeout_s` seconds.

    Raises `StackError` if even that does not end it.
    """
    found = holder(settings, name)
    if found is None:
        return
    _signal(found, stop_signal)
    if wait_until(lambda: holder(settings, name) is None, timeout_s):
        return
    _signal_group(holder(settings, name))
    if not wait_until(lambda: holder(settings, name) is None, KILL_TIMEOUT_S):
        raise StackError(
            f"{name} cannot be ended; see which process holds {settings.data_dir / 'locks'}/{name}.lock."
        )


def _signal(found: Holder, number: signal.Signals) -> None:
    if found.pid is not None:
        try:
            psutil.Process(found.pid).send_signal(number)
        except psutil.NoSuchProcess:
            return


def _signal_group(found: Holder | None) -> None:
    """A program leads its own process group, so this ends its children too."""
    if found is None or found.pid is None:
        return
    try:
        if os.getpgid(found.pid) == found.pid:
            os.killpg(found.pid, signal.SIGKILL)
        else:
            os.kill(found.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
