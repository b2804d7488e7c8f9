"""`orderpulse serve NAME`: keeps a service as `ops.service` wants it, where it has a container of its own.

It starts and stops the same program as the process manager of one machine does, starts it again after a
crash, with growing pauses, and says in `ops.service_process` how it is. What is wanted is read twice a
second; while the database is away the last wish holds. SIGTERM stops the process and ends the runner.
"""

import signal
import socket
import time
from dataclasses import dataclass, field

import psycopg

from core import postgres, service_process
from core.errors import StackError
from core.logging import configure_logging, get_logger
from core.service_process import Said, State, Wish
from core.settings import Settings
from stack.programs import SERVICES, program
from stack.served_process import ServedProcess

__all__ = ["serve"]

log = get_logger(__name__)

POLL_S = 0.5
WOKEN_BY = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
RUNS_AFTER_S = 2.0
"""A process that lives so long counts as running, as with the manager of one machine."""

WELL_AFTER_S = 60.0
"""One that lived so long was well: its end is the first failure again."""

LONGEST_PAUSE_S = 30.0
FAILURES = 10
"""In a row; then the runner gives up, and whoever started it decides."""

KEPT_STARTS = 50
CONNECTION = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 5000}


def serve(settings: Settings, name: str) -> int:
    """Run until SIGTERM (0) or until the process fails again and again (1). Raises `StackError` for a wrong name."""
    configure_logging(settings.log_level, process=f"serve {name}")
    if name not in SERVICES:
        raise StackError(
            f"{name} is not one of {', '.join(SERVICES)}, whose state people choose; start others with `orderpulse run`."
        )
    signal.pthread_sigmask(signal.SIG_BLOCK, WOKEN_BY)
    runner = Runner(settings, name)
    while runner.exit_code is None:
        woken = signal.sigtimedwait(WOKEN_BY, POLL_S)
        if woken is not None and woken.si_signo != signal.SIGCHLD:
            runner.end()
        runner.tick()
    return runner.exit_code


class Runner:
    """One service: its process, what is wanted of it, what is said of it."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._name = name
        self._process = ServedProcess(settings, program(name))
        self._voice = Voice(settings, name)
        self._wish: Wish | None = None
        self._state: State = "stopped"
        self._starts: tuple[float, ...] = ()
        self._restarts_done = self._kills_done = 0
        self._failures = 0
        self._start_at = 0.0
        self._ending = False
        self.exit_code: int | None = None
        """What the runner ends with; None while it goes on."""

    def end(self) -> None:
        """Stop the process, then end."""
        self._ending = True

    def tick(self) -> None:
        """Notice what has happened, do what is wanted, say how it is."""
        code = self._process.check()
        if code is not None:
            self._ended(code)
        if self._wish is None:
            self._take_over()
        if self._wish is not None and self._state != "fatal":
            self._obey(self._wish)
        wish = self._voice.say(self._said()) if self._wish else None
        self._wish = wish or self._wish
        if self._state == "fatal":
            self.exit_code = 1
        elif self._ending and self._process.pid is None:
            self.exit_code = 0
        if self.exit_code is not None:
            self._voice.close()

    def _take_over(self) -> None:
        """Learn what is wanted, and what an earlier runner said: its unasked end makes our start a restart."""
        found = self._voice.earlier()
        if found is None:
            return
        self._wish, before = found
        self._restarts_done, self._kills_done = self._wish.restarts, self._wish.kills
        if before is not None and before.state != "stopped":
            self._starts = before.starts

    def _obey(self, wish: Wish) -> None:
        asked = wish.restarts > self._restarts_done
        if self._process.pid is None:
            self._restarts_done = wish.restarts
            if asked or wish.desired == "stopped":
                self._starts, self._failures, self._start_at = (), 0, 0.0
            self._start_when_due(wanted=wish.desired == "running" and not self._ending)
        elif self._state != "stopping" and (asked or wish.desired == "stopped" or self._ending):
            self._state = "stopping"
            self._process.stop()
        elif wish.kills > self._kills_done:
            log.warning("process.killed", reason="it was asked for: it hangs", pid=self._process.pid)
            self._process.kill()
        elif self._state == "starting" and self._process.uptime_s >= RUNS_AFTER_S:
            self._state = "running"
        self._kills_done = wish.kills

    def _start_when_due(self, *, wanted: bool) -> None:
        if not wanted:
            self._state = "stopped"
        elif time.monotonic() >= self._start_at:
            self._process.start()
            self._starts = (*self._starts, time.time())[-KEPT_STARTS:]
            self._state = "starting"
            log.info("process.started", pid=self._process.pid)
        else:
            self._state = "backoff"

    def _ended(self, code: int) -> None:
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if self._state == "stopping":
            log.info("process.stopped", how=how)
            self._state = "stopped"
            return
        self._failures = 1 if self._process.uptime_s >= WELL_AFTER_S else self._failures + 1
        pause_s = min(2.0 ** (self._failures - 2), LONGEST_PAUSE_S) if self._failures > 1 else 0.0
        self._start_at = time.monotonic() + pause_s
        self._state = "fatal" if self._failures >= FAILURES else "backoff"
        log.warning("process.failed", how=how, failures=self._failures, pause_s=pause_s, state=self._state)

    def _said(self) -> Said:
        return Said(
            host=socket.gethostname(),
            state=self._state,
            pid=self._process.pid,
            started_at=self._process.started_at,
            starts=self._starts,
            restarts_done=self._restarts_done,
        )


@dataclass
class Voice:
    """The runner's connection to the database, which may come and go."""

    settings: Settings
    name: str
    _connection: psycopg.Connection[tuple[object, ...]] | None = field(default=None, init=False)
    _told: str = field(default="", init=False)

    def earlier(self) -> tuple[Wish, Said | None] | None:
        """What is wanted and what was said before; None while that cannot be read, or another runner is at work."""
        try:
            before = service_process.read(self._connected(), self.name)
            wish = service_process.wanted(self._connected(), self.name)
        except psycopg.Error as error:
            self._tell("the database does not answer", error=str(error).strip())
            return None
        if before and before.host != socket.gethostname() and before.speaks and before.state != "stopped":
            self._tell("another runner is at work; waiting until it is silent", host=before.host)
            return None
        self._tell("")
        return wish, before

    def say(self, said: Said) -> Wish | None:
        """Say how it is; returns what is wanted, None while the database is away."""
        try:
            wish = service_process.say(self._connected(), self.name, said)
        except psycopg.Error as error:
            self._tell("the database does not answer; the last wish holds", error=str(error).strip())
            return None
        self._tell("")
        return wish

    def close(self) -> None:
        """Say no more."""
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = postgres.connect(self.settings.postgres, autocommit=True, **CONNECTION)
        return self._connection

    def _tell(self, what: str, **details: str) -> None:
        """Log a change once."""
        if what and what != self._told:
            log.warning(what, **details)
        self._told = what
