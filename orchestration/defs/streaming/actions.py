"""Carries out what was decided. Each step is short: nothing here waits for a process to end."""

from dataclasses import dataclass

import dagster as dg
import psycopg

from core.logging import get_logger
from core.process_manager import log_path
from core.settings import Settings
from orchestration.defs.streaming import decisions as d
from orchestration.defs.streaming.last_words import last_words
from orchestration.incidents import close_incident, open_incident, service_incident
from orchestration.services import ServiceResource

__all__ = ["Hands"]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hands:
    """What the actions on one service need."""

    instance: dg.DagsterInstance
    settings: Settings
    connection: psycopg.Connection[dict[str, object]]
    service: ServiceResource

    def carry_out(self, action: d.Action) -> str | None:
        """Do it. Returns what was done, in words; None for a request, which is the caller's to make.

        Raises `StackError` where the process manager refuses.
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
            case d.GiveUp(restarts):
                return self._give_up(restarts)
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

    def _give_up(self, restarts: int) -> str:
        name = self.service.service
        minutes = self.settings.dagster.restart_window_s / 60
        log_file = log_path(self.settings, name)
        words = last_words(log_file)
        reason = f"gave up: {restarts} restarts in {minutes:.0f} minutes; last words: {words}"
        text = (
            f"{name} was stopped after {restarts} restarts in {minutes:.0f} minutes that nobody asked for. "
            f"Its last words: {words}. What it had not processed waits in Kafka, for as long as the topic keeps it. "
            f"Read {log_file}, mend the cause, and launch the job start_{name}."
        )
        open_incident(self.connection, service_incident(name), f"{name} was given up", text)
        self.service.stop(reason, wait=False)
        return reason
