"""Carries out what was decided. Each step is short: nothing here waits for a process to end."""

from dataclasses import dataclass

import dagster as dg
import psycopg

from control.incidents import close_incident, open_incident, service_incident
from control.process_manager import log_path
from core.logging import get_logger
from core.settings import Settings
from orchestration.defs.streaming import decisions as d
from orchestration.defs.streaming.last_words import last_words
from orchestration.services import ServiceResource

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceActions:
    """What the actions on one service need."""

    instance: dg.DagsterInstance
    settings: Settings
    connection: psycopg.Connection[dict[str, object]]
    service: ServiceResource

    def carry_out(self, action: d.Action) -> str | None:
        """Do it. Returns what was done, as a sentence; None for a request, which is the caller's to make.

        Raises `StackError` if the process manager refuses.
        """
        name = self.service.service
        match action:
            case d.EnsureRunning():
                return f"started {name}" if self.service.ensure_running() else None
            case d.Stop(reason):
                if reason is None:
                    self.service.ensure_stopped()
                else:
                    self.service.stop(reason, wait=False)
                return f"stopped {name}"
            case d.Kill(pid, why):
                log.warning("service.hangs", service=name, pid=pid, why=why)
                self.service.kill(pid)
                return f"killed {name} (pid {pid}): {why}"
            case d.OpenIncident(failures):
                return self._report_failing(failures)
            case d.CloseIncident():
                close_incident(self.connection, service_incident(name))
                return f"{name} is well again"
            case _:
                return self._about_run(action)

    def _about_run(self, action: d.Action) -> str | None:
        if not isinstance(action, d.FailRun | d.CancelRun):
            return None
        run = self.instance.get_run_by_id(action.run_id)
        if run is None or run.is_finished:
            return None
        if isinstance(action, d.FailRun):
            self.instance.report_run_failed(run, action.why)
            return f"failed run {action.run_id[:8]}: {action.why}"
        self.instance.report_run_canceled(run, message=action.why)
        return f"cancelled run {action.run_id[:8]}: {action.why}"

    def _report_failing(self, failures: int) -> str:
        name = self.service.service
        log_file = log_path(self.settings, name)
        last_error = last_words(log_file)
        text = (
            f"{name} has failed {failures} times in a row without progress. Last error: {last_error}. It is "
            "restarted automatically, after pauses that grow to five minutes. Unprocessed records wait in "
            f"Kafka, as long as the topic keeps them. Read {log_file} and fix the cause; the job start_{name} "
            "ends a pause."
        )
        open_incident(self.connection, service_incident(name), f"{name} keeps failing", text)
        return f"{name} has failed {failures} times in a row: {last_error}"
