"""What an attached run does while it watches."""

import os
import time
from collections.abc import Callable

import dagster as dg
import psycopg
from dagster._core.errors import DagsterExecutionInterruptedError  # no public name; Dagster is pinned
from dagster._core.storage.tags import SENSOR_NAME_TAG
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import SQLAlchemyError

from control.limits import RUN_LOST_S
from core.errors import StackError
from core.logging import get_logger
from orchestration.defs.streaming.words import progress_in_words
from orchestration.services import ServiceResource, ServiceStatus

STORAGE_ERRORS = (psycopg.Error, SQLAlchemyError, DagsterPostgresException)
"""What the platform's database and Dagster's own raise while the server is away."""

PROGRESS_INTERVAL_S = 30.0
LIVE = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
ENDED = (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS)
STDERR = get_logger(__name__)


class DuplicateRunError(Exception):
    """Another run is attached to the same process."""


class GivenUpError(Exception):
    """The sensor gave this run up, or a person marked it as ended: it must end without another event."""


class Watcher:
    """One attached run's eyes on one process."""

    def __init__(self, context: dg.OpExecutionContext, service: ServiceResource) -> None:
        self._context = context
        self._service = service
        self._run_id = context.run_id
        self._known: tuple[str, int | None] | None = None
        self._logged_at = time.monotonic()
        self._away_since: float | None = None

    def begin(self) -> None:
        """Attach, and start the process if a person launched this run. Raises `DuplicateRunError`."""
        while not self._try(self._begin):
            time.sleep(1.0)

    def check(self) -> bool:
        """Check once: False once the process is stopped and should be. Raises `DuplicateRunError`, `GivenUpError`."""
        going_on = True

        def check() -> None:
            nonlocal going_on
            going_on = self._check()

        self._try(check)
        return going_on

    def interrupted(self) -> bool:
        """Stop the process if a person asked for that; a bare signal, as at a shutdown, only detaches.

        True if the run was terminated; a run that is only detached ends well.
        """
        name = self._service.service
        try:
            if self._status_of(self._run_id) != dg.DagsterRunStatus.CANCELING:
                self._log(
                    f"detached by a signal; {name} continues, and the streaming sensor attaches another run"
                )
                return False
            self._log(f"terminated in the UI: stopping {name}")
            self._service.stop(f"terminated in the UI (run {self._run_id[:8]})", wait=False)
            while (status := self._service.status()).state in ("starting", "running", "stopping", "backoff"):
                self._service.attach(self._run_id)
                time.sleep(0.5)
            self._log(f"{name} is {status.state}")
        except (
            *STORAGE_ERRORS,
            StackError,
        ) as error:  # the request is recorded: the sensor handles it
            STDERR.warning("attached_run.stop_unfinished", service=name, error=str(error).strip())
        return True

    def leave(self) -> None:
        """End this worker without another event: one would overwrite how the run was ended."""
        STDERR.info("attached_run.given_up", service=self._service.service)
        os._exit(0)

    def _begin(self) -> None:
        status = self._service.status()
        holder = status.attached_run
        if holder not in (None, self._run_id) and self._is_watching(status):
            raise DuplicateRunError(f"run {holder} is attached to {status.name} already; this one ends")
        if not self._service.attach(self._run_id, replaces=holder):
            raise DuplicateRunError(
                f"another run attached itself to {status.name} in this moment; this one ends"
            )
        by_sensor = SENSOR_NAME_TAG in self._context.run.tags
        if status.desired == "stopped" and not by_sensor:
            self._service.start(f"started by run {self._run_id[:8]}")
        elif status.desired == "running":
            self._ensure_running()
        self._log(f"attached to {status.name}; wanted {status.desired}" + _because(status.reason))

    def _check(self) -> bool:
        run_status = self._status_of(self._run_id)
        if run_status == dg.DagsterRunStatus.CANCELING:  # also seen if no signal came: a new code server
            raise DagsterExecutionInterruptedError
        if run_status in ENDED:
            raise GivenUpError
        if not self._service.attach(self._run_id):
            raise DuplicateRunError(
                f"another run is attached to {self._service.service} by now; this one ends"
            )
        status = self._service.status()
        self._log_changes(status)
        if (status.desired, status.state) == ("stopped", "stopped"):
            self._log(f"{status.name} is stopped" + _because(status.reason))
            return False
        self._log_progress(status)
        return True

    def _log_changes(self, status: ServiceStatus) -> None:
        now = (status.state, status.pid)
        if now == self._known:
            return
        before, self._known = self._known, now
        text = f"{status.name}: {status.state}" + (f", pid {status.pid}" if status.pid else "")
        if before and before[1] and status.pid != before[1]:
            text += f"; pid {before[1]} has ended"
        if status.restarts:
            text += f"; restarts that nobody asked for: {len(status.restarts)}"
        self._log(text)

    def _log_progress(self, status: ServiceStatus) -> None:
        if status.beats and time.monotonic() - self._logged_at >= PROGRESS_INTERVAL_S:
            self._logged_at = time.monotonic()
            self._log(progress_in_words(status.name, status.progress))

    def _ensure_running(self) -> None:
        try:
            self._service.ensure_running()
        except StackError as error:  # the sensor tries again
            self._context.log.warning(str(error))

    def _is_watching(self, status: ServiceStatus) -> bool:
        fresh = (status.attached_age_s or 0.0) < RUN_LOST_S
        return fresh and self._status_of(status.attached_run) in LIVE

    def _log(self, text: str) -> None:
        self._context.log.info(text)

    def _status_of(self, run_id: str | None) -> dg.DagsterRunStatus | None:
        run = self._context.instance.get_run_by_id(run_id) if run_id else None
        return run.status if run else None

    def _try(self, step: Callable[[], None]) -> bool:
        """Do `step`; False if the database is away, which is logged once, before and after."""
        try:
            if self._away_since is not None:
                self._service.status()
                away_s, self._away_since = time.monotonic() - self._away_since, None
                self._log(f"the database did not answer for {away_s:.0f} s; it does again")
            step()
        except STORAGE_ERRORS as error:
            if self._away_since is None:
                self._away_since = time.monotonic()
                STDERR.warning("attached_run.database_away", error=str(error).strip())
            return False
        return True


def _because(reason: str | None) -> str:
    return f" ({reason})" if reason else ""
