"""Become a program: lock, account, end with the parent, clean signals, `exec`."""

import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from core.errors import StackError
from stack.unprivileged import Account

__all__ = ["Launch", "become"]

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Launch:
    """What a program is started as.

    `death_signal` is sent when its parent, the process manager, dies; None: it lives on.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    death_signal: signal.Signals | None = None
    account: Account | None = None


def become(launch: Launch, parent: int) -> NoReturn:
    """Replace this process, child of `parent`, by the program. Raises `StackError` where it cannot start."""
    os.chdir(launch.folder)
    if launch.account is not None:
        os.setgroups([])
        os.setgid(launch.account.gid)
        os.setuid(launch.account.uid)
    if launch.death_signal is not None:
        _end_with_parent(parent, launch.death_signal)
    _reset_signals()
    try:
        os.execvpe(launch.command[0], list(launch.command), dict(launch.environment))  # noqa: S606  # the very purpose
    except OSError as error:
        raise StackError(f"{launch.command[0]} cannot be started: {error.strerror}") from None


def _end_with_parent(parent: int, death_signal: signal.Signals) -> None:
    """Ask the kernel (Linux) for a signal at the parent's death; a change of account would clear the wish."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:
        raise StackError("The process manager ended while this program was starting.")


def _reset_signals() -> None:
    """A shell or a manager may have ignored or blocked signals; the program starts with the defaults."""
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
