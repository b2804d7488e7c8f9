"""The pause before a failed service is restarted, and the wait for the servers it needs."""

import os
import time
from dataclasses import dataclass
from typing import cast

import psycopg

from control.process_manager import Pause, StartLog
from control.restarts import failures_in_a_row, pause_s, read_progressed_at
from core import kafka, postgres
from core.errors import StackError
from core.logging import configure_logging, get_logger
from core.settings import Settings
from stack.secure.identities import IdentityName, as_identity

log = get_logger(__name__)

POLL_S = 1.0


def wait_for_turn(settings: Settings, name: str, parent: int) -> int:
    """Wait until the service may be started; returns how often it has failed in a row without progress.

    A requested start never waits. Others wait until database and broker answer, and after failures
    a while longer; no failure is counted while one of those was away, nor does a pause outlast that. Raises
    `StackError` if the process manager, `parent`, ends meanwhile.
    """
    starts, ended_at = StartLog(settings, name), time.time()
    last = starts.last()
    if last is None:
        return 0
    configure_logging(settings.log_level, process=f"start of {name}")
    servers = _Servers(as_identity(settings, cast(IdentityName, name)), name)
    pausing = Pause(os.getpid(), float("inf"), last.failures)
    if servers.wait(starts, pausing, parent):
        return last.failures
    failures = failures_in_a_row(last.failures, last.at, ended_at, servers.progressed_at)
    until = time.time() + pause_s(failures)
    if failures:
        log.warning("service.failed", service=name, in_a_row=failures, pause_s=pause_s(failures))
    pausing = Pause(os.getpid(), until, failures)
    while time.time() < until:
        starts.note_pause(pausing)
        _sleep(min(POLL_S, until - time.time()), parent)
        if servers.wait(starts, pausing, parent):
            break
    return failures


@dataclass
class _Servers:
    """Database and broker, as the service uses them. `progressed_at`: when it last got anywhere, Unix time."""

    settings: Settings
    name: str
    progressed_at: float | None = None

    def wait(self, starts: StartLog, pausing: Pause, parent: int) -> bool:
        """Return once both answer: True if one did not at first."""
        if self._answer():
            return False
        log.warning("service.waits", service=self.name, meaning="the database or the broker does not answer")
        while not self._answer():
            starts.note_pause(pausing)
            _sleep(POLL_S, parent)
        return True

    def _answer(self) -> bool:
        try:
            with postgres.connect(self.settings.postgres, autocommit=True) as connection:
                self.progressed_at = read_progressed_at(connection, self.name)
        except psycopg.OperationalError:
            return False
        return kafka.answers(self.settings.kafka)


def _sleep(duration_s: float, parent: int) -> None:
    """The kernel's death signal is asked for later, by the program itself."""
    time.sleep(max(0.0, duration_s))
    if os.getppid() != parent:
        raise StackError("The process manager ended while this program was waiting for its next start.")
