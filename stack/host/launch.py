"""Become a program: lock, account, death signal, clean signals, `exec`."""

import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from core.errors import StackError
from stack.host.unprivileged import Account

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Launch:
    """How a program is started.

    `death_signal` is sent when its parent, the process manager, dies; None: it continues.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    death_signal: signal.Signals | None = None
    account: Account | None = None


def become(launch: Launch, parent: int) -> NoReturn:
    """Replace this process, child of `parent`, by the program. Raises `StackError` if it cannot start."""
    os.chdir(launch.folder)
    if launch.account is not None:
        os.setgroups([])
        os.setgid(launch.account.gid)
        os.setuid(launch.account.uid)
    if launch.death_signal is not None:
        _end_with_parent(parent, launch.death_signal)
    _reset_signals()
    try:
        os.execvpe(launch.command[0], list(launch.command), dict(launch.environment))  # noqa: S606  # the purpose
    except OSError as error:
        raise StackError(f"{launch.command[0]} cannot be started: {error.strerror}") from None


def _end_with_parent(parent: int, death_signal: signal.Signals) -> None:
    """Ask the kernel (Linux) for a signal at the parent's death; a later change of account would clear it."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:
        raise StackError("The process manager ended while this program was starting.")


def _reset_signals() -> None:
    """Restore default signal handling, since a shell or manager may have ignored or blocked signals."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGPIPE,
        signal.SIGCHLD,
    ):
        signal.signal(number, signal.SIG_DFL)
