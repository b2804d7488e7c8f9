"""`orderpulse serve NAME`: keeps a service with a container of its own in the state that `ops.service` asks for.

It starts and stops the same program as the process manager of one machine does, starts it again after a
crash, by the same rules (`control.restarts`), and reports its status in `ops.service_process`; a file has the verdict for the
container's health check. The desired state is read twice a second; while the database is down the last one applies.
SIGTERM stops the process, the stream once it has read what Kafka holds, and ends the runner.
"""

import signal
import socket
import time
from dataclasses import dataclass, field

import psycopg

from control.desired import DesiredState, read_desired
from control.restarts import failures_in_a_row, pause_s, read_progressed_at
from control.runner_status import RunnerStatus, State, read_status, report_status
from core import kafka, postgres
from core.errors import StackError
from core.logging import configure_logging, get_logger
from core.settings import Settings
from stack.deploy.healthy import NO_DATABASE, verdict
from stack.deploy.served_process import ServedProcess
from stack.deploy.verdict_file import write_verdict
from stack.local.drain import Draining
from stack.local.programs import SERVICES, program

log = get_logger(__name__)

POLL_S = 0.5
VERDICT_S = 2.0
WOKEN_BY = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
RUNS_AFTER_S = 2.0
"""A process that lives so long counts as running, as with the manager of one machine."""

DRAIN_S = 10.0
"""What remains of a container's 60 s to stop, besides the 45 s that the stream may take."""

KEPT_STARTS = 50
CONNECTION = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 5000}


def serve(settings: Settings, name: str) -> int:
    """Run until SIGTERM. Returns the exit code; raises `StackError` for a wrong name."""
    configure_logging(settings.log_level, process=f"serve {name}")
    if name not in SERVICES:
        raise StackError(
            f"{name} is not one of {', '.join(SERVICES)}, whose state people choose; start others with `orderpulse run`."
        )
    signal.pthread_sigmask(signal.SIG_BLOCK, WOKEN_BY)
    runner = Runner(settings, name)
    while not runner.has_ended:
        woken = signal.sigtimedwait(WOKEN_BY, POLL_S)
        if woken is not None and woken.si_signo != signal.SIGCHLD:
            runner.end()
        runner.tick()
    return 0


class Runner:
    """One service: its process, its desired state, its reported status."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._process = ServedProcess(settings, program(name))
        self._database = RunnerDatabase(settings, name)
        self._desired: DesiredState | None = None
        self._state: State = "stopped"
        self._starts: tuple[float, ...] = ()
        self._restarts_done = self._kills_done = 0
        self._failures = 0
        self._start_at = 0.0
        self._verdict_at = 0.0
        self._judged: State | None = None
        self._servers_away = False
        self._ending = False
        self._draining = Draining(settings, DRAIN_S)
        self.has_ended = False

    def end(self) -> None:
        """Stop the process, then end."""
        self._ending = True

    def tick(self) -> None:
        """Notice what has happened, follow the desired state, report the status."""
        code = self._process.check()
        if code is not None:
            self._ended(code)
        if self._desired is None:
            self._take_over()
        if self._desired is not None:
            self._follow(self._desired)
        desired = self._database.report(self._status()) if self._desired else None
        self._desired = desired or self._desired
        self._write_verdict(reported=desired is not None)
        if self._ending and self._process.pid is None:
            self.has_ended = True
            self._database.close()

    def _take_over(self) -> None:
        """Read the desired state and the status of an earlier runner: if that ended unasked, our start is a restart."""
        found = self._database.read_previous()
        if found is None:
            return
        self._desired, before = found
        self._restarts_done, self._kills_done = self._desired.restarts, self._desired.kills
        if before is not None and before.state != "stopped":
            self._starts, self._failures = before.starts, before.failures

    def _follow(self, desired: DesiredState) -> None:
        asked = desired.restarts > self._restarts_done
        if self._process.pid is None:
            self._restarts_done = desired.restarts
            if asked or desired.desired == "stopped":
                self._starts, self._failures, self._start_at, self._servers_away = (), 0, 0.0, False
            self._start_when_due(wanted=desired.desired == "running" and not self._ending)
        elif self._state != "stopping" and (asked or desired.desired == "stopped" or self._may_end()):
            self._state = "stopping"
            self._process.stop()
        elif desired.kills > self._kills_done:
            log.warning("process.killed", reason="requested: it hangs", pid=self._process.pid)
            self._process.kill()
        elif self._state == "starting" and self._process.uptime_s >= RUNS_AFTER_S:
            self._state = "running"
        self._kills_done = desired.kills

    def _may_end(self) -> bool:
        """Whether the runner should end, and its process has finished its work."""
        return self._ending and (
            self._state != "running" or self._name != "spark_stream" or self._draining.is_over()
        )

    def _start_when_due(self, *, wanted: bool) -> None:
        if not wanted:
            self._state = "stopped"
        elif self._is_due():
            self._process.start()
            self._starts = (*self._starts, time.time())[-KEPT_STARTS:]
            self._state = "starting"
            log.info("process.started", pid=self._process.pid)
        else:
            self._state = "backoff"

    def _is_due(self) -> bool:
        """An outage of the servers ends a pause, and nothing starts during one."""
        if self._start_at == 0:
            return True
        if not (self._database.read_progress()[0] and kafka.answers(self._settings.kafka)):
            self._servers_away = True
            return False
        return self._servers_away or time.monotonic() >= self._start_at

    def _ended(self, code: int) -> None:
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if self._state == "stopping":
            log.info("process.stopped", how=how)
            self._state = "stopped"
            return
        answers, progressed_at = self._database.read_progress()
        self._servers_away = not (answers and kafka.answers(self._settings.kafka))
        if not self._servers_away:
            began = self._process.started_at or 0.0
            self._failures = failures_in_a_row(self._failures, began, time.time(), progressed_at)
        self._start_at = time.monotonic() + pause_s(self._failures)
        self._state = "backoff"
        log.warning("process.failed", how=how, in_a_row=self._failures, pause_s=pause_s(self._failures))

    def _write_verdict(self, *, reported: bool) -> None:
        """For the container's health check; `reported`: the database has just taken our status."""
        if time.monotonic() >= self._verdict_at or self._state != self._judged:
            write_verdict(self._settings, self._name, self._database.verdict() if reported else NO_DATABASE)
            self._verdict_at, self._judged = time.monotonic() + VERDICT_S, self._state

    def _status(self) -> RunnerStatus:
        return RunnerStatus(
            host=socket.gethostname(),
            state=self._state,
            pid=self._process.pid,
            started_at=self._process.started_at,
            starts=self._starts,
            restarts_done=self._restarts_done,
            failures=self._failures,
        )


@dataclass
class RunnerDatabase:
    """The runner's connection to the database, which may come and go."""

    settings: Settings
    name: str
    _connection: psycopg.Connection[tuple[object, ...]] | None = field(default=None, init=False)
    _logged: str = field(default="", init=False)

    def read_previous(self) -> tuple[DesiredState, RunnerStatus | None] | None:
        """The desired state and the previous status; None while they cannot be read or another runner is active."""
        try:
            before = read_status(self._connected(), self.name)
            desired = read_desired(self._connected(), self.name)
        except psycopg.Error as error:
            self._log_once("the database does not answer", error=str(error).strip())
            return None
        if before and before.host != socket.gethostname() and before.is_current and before.state != "stopped":
            self._log_once("another runner is active; waiting until it is silent", host=before.host)
            return None
        self._log_once("")
        return desired, before

    def report(self, status: RunnerStatus) -> DesiredState | None:
        """Report the status; returns the desired state, None while the database is away."""
        try:
            desired = read_desired(self._connected(), self.name)
            report_status(self._connected(), self.name, status)
        except psycopg.Error as error:
            self._log_once(
                "the database does not answer; the last desired state holds", error=str(error).strip()
            )
            return None
        self._log_once("")
        return desired

    def verdict(self) -> str:
        """Whether the service is healthy, by its rows in the database."""
        try:
            return verdict(self._connected(), self.name, self.settings.dagster.hang_s)
        except psycopg.Error:
            return NO_DATABASE

    def read_progress(self) -> tuple[bool, float | None]:
        """Whether the database answers, and when the service last made progress, in Unix time."""
        try:
            return True, read_progressed_at(self._connected(), self.name)
        except psycopg.Error as error:
            self._log_once(
                "the database does not answer; the last desired state holds", error=str(error).strip()
            )
            return False, None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = postgres.connect(self.settings.postgres, autocommit=True, **CONNECTION)
        return self._connection

    def _log_once(self, what: str, **details: str) -> None:
        """Log a change once."""
        if what and what != self._logged:
            log.warning(what, **details)
        self._logged = what
