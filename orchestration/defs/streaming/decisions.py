"""What the streaming sensor does about a service and its attached runs: situation in, actions out.

Pure, so that every rule can be tested; `actions` carries the decisions out.
"""

from dataclasses import dataclass

import dagster as dg

from control.judge import liveness
from control.limits import RUN_LOST_S, SEEN_STILL_S
from control.restarts import got_somewhere
from orchestration.services import ServiceStatus

REQUESTS_AT_ONCE, REQUESTS_WINDOW_S = 4, 120.0
"""Attached runs that end at once must not fill the event log."""

S = dg.DagsterRunStatus


@dataclass(frozen=True, slots=True)
class AttachedRun:
    """A run of an attachment job that has not ended. `age_s`: since its worker started; None before."""

    run_id: str
    status: dg.DagsterRunStatus
    age_s: float | None
    by_sensor: bool

    @property
    def is_working(self) -> bool:
        """Whether it has a worker, or had one."""
        return self.status in (S.STARTED, S.CANCELING)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a process hangs, and how often it may fail in a row before an incident opens."""

    hang_s: float
    first_heartbeat_s: float
    failure_limit: int


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision depends on.

    `beat_silence_s` and `attachment_silence_s`: for how long the sensor's own ticks have seen the same
    heartbeat and the same sign of the attached run; `requested`: Unix times of its last requests;
    `servers_since`: since when they have found database and broker well, a Unix time.
    """

    status: ServiceStatus
    runs: tuple[AttachedRun, ...]
    now: float
    beat_silence_s: float
    attachment_silence_s: float
    requested: tuple[float, ...]
    servers_since: float


@dataclass(frozen=True, slots=True)
class EnsureRunning:
    """Start it again: it is wanted."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop it: it is not wanted. With a reason: somebody just asked for that."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL process `pid`, which hangs; its manager starts it again."""

    pid: int
    why: str


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """Open an incident about repeated failures; restarts continue."""

    failures: int


@dataclass(frozen=True, slots=True)
class CloseIncident:
    """It is well again."""


@dataclass(frozen=True, slots=True)
class FailRun:
    """Report a run as failed."""

    run_id: str
    why: str


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Report a run as cancelled."""

    run_id: str
    why: str


@dataclass(frozen=True, slots=True)
class RequestRun:
    """Ask for a run that watches it."""


Action = EnsureRunning | Stop | Kill | OpenIncident | CloseIncident | FailRun | CancelRun | RequestRun


def decide(situation: Situation, limits: Limits) -> list[Action]:
    """The actions that `situation` calls for, in their order."""
    lost = [run for run in situation.runs if _is_lost(run, situation)]
    terminated = next((run for run in lost if run.status == S.CANCELING), None)
    process = (
        [Stop(f"terminated in the UI (run {terminated.run_id[:8]}, whose worker had ended)")]
        if terminated
        else _about_process(situation, limits)
    )
    wanted = situation.status.desired == "running" and not any(isinstance(action, Stop) for action in process)
    return [*process, *_about_runs(situation, lost, wanted=wanted)]


def _about_process(situation: Situation, limits: Limits) -> list[Action]:
    status = situation.status
    if status.state in ("unknown", "stopping"):
        return []
    if status.desired == "stopped":
        return [Stop()] if status.state in ("starting", "running", "backoff") else []
    incidents = _about_incident(situation, limits)
    if status.state in ("stopped", "exited", "fatal"):
        return [*incidents, EnsureRunning()]
    hang = _hang(situation, limits)
    if hang is not None and status.pid is not None:
        return [*incidents, Kill(status.pid, hang)]
    return incidents


def _about_incident(situation: Situation, limits: Limits) -> list[Action]:
    """Failures without progress open one, progress closes it."""
    status = situation.status
    started_at = situation.now - status.uptime_s
    progressed = status.beats and got_somewhere(started_at, situation.now, status.progressed_at)
    if status.failing is None:
        failing = status.failures >= limits.failure_limit and not progressed
        return [OpenIncident(status.failures)] if failing else []
    well = status.state == "running" and (status.heartbeat_age_s or 0.0) < limits.hang_s
    return [CloseIncident()] if well and progressed else []


def _hang(situation: Situation, limits: Limits) -> str | None:
    """Why the living process counts as hung; None if it does not.

    A process cannot beat while the database is away, nor start without its servers: only ticks that found
    them well are evidence.
    """
    status = situation.status
    watched = situation.beat_silence_s >= min(limits.hang_s / 2, SEEN_STILL_S)
    if status.state != "running" or not watched:
        return None
    age_s = status.heartbeat_age_s if status.beats else None
    up_s = min(status.uptime_s, situation.now - situation.servers_since)
    if liveness(age_s, up_s, limits.hang_s, limits.first_heartbeat_s) != "hung":
        return None
    if age_s is not None:
        return f"it lives but has been silent for {age_s:.0f} s"
    return f"it was started {status.uptime_s} s ago and has not sent a heartbeat"


def _about_runs(situation: Situation, lost: list[AttachedRun], *, wanted: bool) -> list[Action]:
    found = [run for run in situation.runs if run not in lost]
    keeper = _keeper(found, situation.status.attached_run)
    actions: list[Action] = [_end_lost(run) for run in lost]
    for run in found:
        waiting = run.status in (S.QUEUED, S.NOT_STARTED)
        if waiting and run is not keeper:
            actions.append(CancelRun(run.run_id, "another attached run watches already"))
        elif waiting and run.by_sensor and not wanted:
            actions.append(
                CancelRun(run.run_id, f"{situation.status.name} is stopped: there is no process to watch")
            )
    if wanted and keeper is None and _may_request(situation):
        actions.append(RequestRun())
    return actions


def _keeper(runs: list[AttachedRun], attached_run: str | None) -> AttachedRun | None:
    """The run that stays: the one that watches, else one that works, else the oldest."""
    return min(
        runs,
        key=lambda run: (run.run_id != attached_run, not run.is_working, run.status != S.STARTING),
        default=None,
    )


def _end_lost(run: AttachedRun) -> Action:
    if run.status == S.CANCELING:
        return CancelRun(run.run_id, "its worker had ended; the sensor stopped the process in its place")
    return FailRun(
        run.run_id, "the attached run's worker has stopped reporting; the process itself continues"
    )


def _is_lost(run: AttachedRun, situation: Situation) -> bool:
    """Whether the worker of `run` gives no sign of life, though it had the time and the database for it."""
    if not run.is_working or run.age_s is None or run.age_s < RUN_LOST_S:
        return False
    status = situation.status
    stale = status.attached_age_s is None or status.attached_age_s >= RUN_LOST_S
    if stale:
        return situation.attachment_silence_s >= SEEN_STILL_S
    return status.attached_run != run.run_id


def _may_request(situation: Situation) -> bool:
    recent = [time for time in situation.requested if time > situation.now - REQUESTS_WINDOW_S]
    return len(recent) < REQUESTS_AT_ONCE
