"""Every rule of the streaming sensor, in a situation that calls for it and in one that does not."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from orchestration.defs.streaming.decisions import (
    Action,
    AttachedRun,
    CancelRun,
    CloseIncident,
    EnsureRunning,
    FailRun,
    Kill,
    Limits,
    OpenIncident,
    RequestRun,
    Situation,
    Stop,
    decide,
)
from orchestration.services import ServiceStatus

S = dg.DagsterRunStatus
NOW = 1_800_000_000.0
AT = datetime.fromtimestamp(NOW, UTC)
LIMITS = Limits(hang_s=30, first_heartbeat_s=60, failure_limit=5)
WELL = ServiceStatus(
    name="generator",
    desired="running",
    reason=None,
    rate=None,
    state="running",
    pid=10,
    uptime_s=100,
    restarts=(),
    failures=0,
    progressed_at=NOW - 1,
    attached_run="run-a",
    attached_at=AT,
    attached_age_s=1.0,
    changed_at=AT,
    started_at=AT,
    failing=None,
    heartbeat_pid=10,
    beat_at=AT,
    heartbeat_age_s=1.0,
    progress={},
)
RUN = AttachedRun("run-a", S.STARTED, age_s=100.0, by_sensor=True)
CALM = Situation(
    status=WELL,
    runs=(RUN,),
    now=NOW,
    beat_silence_s=0.0,
    attachment_silence_s=0.0,
    requested=(),
    servers_since=0.0,
)


def decided(change: dict[str, Any] | None = None, **situation: Any) -> list[Action]:
    """The actions for the calm situation with these fields of the status, and of itself, replaced."""
    return decide(replace(CALM, status=replace(WELL, **(change or {})), **situation), LIMITS)


def kinds(actions: list[Action]) -> list[type]:
    return [type(action) for action in actions]


def run(name: str, status: S, age_s: float | None = None, *, by_sensor: bool = True) -> AttachedRun:
    return AttachedRun(name, status, age_s, by_sensor)


def test_nothing_is_done_if_all_is_healthy() -> None:
    assert decided() == []


@pytest.mark.parametrize("state", ["stopped", "exited", "fatal"])
def test_a_wanted_process_that_does_not_run_is_started(state: str) -> None:
    assert decided({"state": state, "pid": None}) == [EnsureRunning()]


@pytest.mark.parametrize("state", ["starting", "running", "backoff", "stopping", "unknown"])
def test_one_that_the_manager_sees_to_is_not(state: str) -> None:
    assert decided({"state": state}) == []


@pytest.mark.parametrize("state", ["starting", "running", "backoff"])
def test_an_unwanted_process_is_stopped(state: str) -> None:
    assert decided({"desired": "stopped", "state": state}) == [Stop()]


@pytest.mark.parametrize("state", ["stopping", "stopped", "exited", "fatal", "unknown"])
def test_one_that_has_ended_is_left_alone(state: str) -> None:
    assert decided({"desired": "stopped", "state": state}) == []


SILENT = {"heartbeat_age_s": 31.0}


def test_a_silent_process_is_killed() -> None:
    assert kinds(decided(SILENT, beat_silence_s=20)) == [Kill]


@pytest.mark.parametrize(
    ("change", "silence_s"),
    [
        pytest.param({"heartbeat_age_s": 29.0}, 20, id="not silent for long enough"),
        pytest.param(SILENT, 0, id="the database was away: its silence proves nothing"),
        pytest.param(SILENT | {"state": "stopping"}, 20, id="it is being stopped"),
        pytest.param(
            SILENT | {"heartbeat_pid": 9, "uptime_s": 59}, 20, id="it is starting: the beat is another's"
        ),
        pytest.param(
            SILENT | {"heartbeat_pid": None, "heartbeat_age_s": None, "uptime_s": 59}, 20, id="first start"
        ),
        pytest.param(SILENT | {"state": "unknown", "pid": None}, 20, id="the manager does not answer"),
    ],
)
def test_what_only_looks_silent_is_not(change: dict[str, Any], silence_s: float) -> None:
    assert decided(change, beat_silence_s=silence_s) == []


def test_a_start_that_never_comes_to_a_first_word_is_killed() -> None:
    actions = decided(SILENT | {"heartbeat_pid": 9, "uptime_s": 60}, beat_silence_s=20)
    assert actions == [Kill(10, "it was started 60 s ago and has not sent a heartbeat")]


def test_a_start_that_waits_for_its_servers_is_not() -> None:
    waiting = SILENT | {"heartbeat_pid": 9, "uptime_s": 500}
    assert decided(waiting, beat_silence_s=20, servers_since=NOW - 59) == []


FAILING = {"failures": 5, "progressed_at": NOW - 500}
"""Since the process of now was started, 100 s ago, there was no progress."""

TOLD = {"failing": "It has failed 5 times in a row."}
"""Its incident is open."""


def test_the_fifth_failure_without_progress_is_reported_and_it_is_tried_on() -> None:
    assert decided(FAILING | {"state": "backoff"}) == [OpenIncident(5)]
    assert decided(FAILING | {"state": "exited", "pid": None}) == [OpenIncident(5), EnsureRunning()]


def test_it_is_told_once_and_tried_for_ever() -> None:
    assert decided(FAILING | TOLD | {"failures": 500, "state": "backoff"}) == []
    assert decided(FAILING | TOLD | {"state": "exited", "pid": None}) == [EnsureRunning()]


def test_fewer_are_not_told() -> None:
    assert decided(FAILING | {"failures": 4, "state": "backoff"}) == []


def test_restarts_after_progress_are_not_told_however_many() -> None:
    assert decided({"restarts": tuple(NOW - seconds for seconds in range(60)), "failures": 0}) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"progressed_at": NOW - 99}, id="a batch was committed since the start"),
        pytest.param(
            {"progressed_at": None, "uptime_s": 300}, id="it has lived for long, with nothing to do"
        ),
    ],
)
def test_progress_closes_an_incident_and_opens_none(change: dict[str, Any]) -> None:
    assert decided(FAILING | TOLD | change) == [CloseIncident()]
    assert decided(FAILING | change) == []


@pytest.mark.parametrize(
    "change",
    [
        {"progressed_at": NOW - 101},
        {"state": "starting"},
        {"heartbeat_pid": 9},
        {"heartbeat_age_s": 40.0},
        {"desired": "stopped", "state": "stopped"},
    ],
)
def test_an_incident_stays_open_until_then(change: dict[str, Any]) -> None:
    assert CloseIncident() not in decided(TOLD | change)


def test_a_persons_stop_stays_a_stop() -> None:
    assert decided(FAILING | {"desired": "stopped", "state": "stopped", "pid": None}) == []


def test_a_run_is_requested_if_none_lives() -> None:
    assert decided(runs=()) == [RequestRun()]


def test_a_start_does_not_wait_for_the_run() -> None:
    assert decided({"state": "stopped", "pid": None}, runs=()) == [EnsureRunning(), RequestRun()]


@pytest.mark.parametrize("status", [S.NOT_STARTED, S.QUEUED, S.STARTING, S.STARTED, S.CANCELING])
def test_no_run_is_requested_if_one_lives_or_will(status: S) -> None:
    assert decided(runs=(run("run-a", status, 5),)) == []


def test_no_run_is_requested_for_what_is_stopped() -> None:
    assert decided({"desired": "stopped", "state": "stopped", "pid": None}, runs=()) == []


def test_a_run_is_requested_for_what_fails_and_is_tried_on() -> None:
    assert decided(FAILING | {"state": "backoff"}, runs=()) == [OpenIncident(5), RequestRun()]


def test_runs_that_end_at_once_are_not_requested_forever() -> None:
    assert decided(runs=(), requested=(NOW - 1,) * 4) == []
    assert decided(runs=(), requested=(NOW - 121, NOW - 1, NOW - 1, NOW - 1)) == [RequestRun()]


STALE = {"attached_age_s": 21.0}


def test_a_run_whose_worker_is_silent_fails_and_another_is_requested() -> None:
    actions = decided(STALE, attachment_silence_s=10)
    assert kinds(actions) == [FailRun, RequestRun]


@pytest.mark.parametrize(
    ("change", "silence_s", "age_s"),
    [
        pytest.param({"attached_age_s": 19.0}, 10, 100, id="not silent for long enough"),
        pytest.param(STALE, 0, 100, id="the database was away: its silence proves nothing"),
        pytest.param({"attached_run": None, "attached_age_s": None}, 10, 19, id="its worker has just begun"),
        pytest.param({"attached_run": "run-0"}, 0, 19, id="it has not taken over yet"),
    ],
)
def test_a_run_that_only_looks_lost_stays(change: dict[str, Any], silence_s: float, age_s: float) -> None:
    runs = (run("run-a", S.STARTED, age_s),)
    assert decided(change, runs=runs, attachment_silence_s=silence_s) == []


def test_a_worker_that_never_attached_fails() -> None:
    change = {"attached_run": None, "attached_age_s": None}
    assert kinds(decided(change, attachment_silence_s=10)) == [FailRun, RequestRun]


def test_a_second_worker_that_does_not_end_fails() -> None:
    actions = decided(runs=(RUN, run("run-b", S.STARTED, 30)))
    assert [(type(action), getattr(action, "run_id", None)) for action in actions] == [(FailRun, "run-b")]


@pytest.mark.parametrize("status", [S.NOT_STARTED, S.QUEUED])
@pytest.mark.parametrize("by_sensor", [True, False])
def test_a_queued_duplicate_is_cancelled(status: S, by_sensor: bool) -> None:
    actions = decided(runs=(run("run-0", status, by_sensor=by_sensor), RUN))
    assert [(type(action), getattr(action, "run_id", None)) for action in actions] == [(CancelRun, "run-0")]


def test_of_two_that_wait_the_older_stays() -> None:
    actions = decided(runs=(run("run-1", S.QUEUED), run("run-2", S.QUEUED)))
    assert [(type(action), getattr(action, "run_id", None)) for action in actions] == [(CancelRun, "run-2")]


def test_the_sensors_own_request_lapses_when_the_service_is_stopped_meanwhile() -> None:
    stopped = {"desired": "stopped", "state": "stopped", "pid": None}
    assert kinds(decided(stopped, runs=(run("run-1", S.QUEUED),))) == [CancelRun]
    assert decided(stopped, runs=(run("run-1", S.QUEUED, by_sensor=False),)) == [], (
        "a person asks for a start"
    )


def test_terminated_in_the_ui_with_a_dead_worker_stops_the_process() -> None:
    actions = decided(STALE, runs=(run("run-a", S.CANCELING, 100),), attachment_silence_s=10)
    assert kinds(actions) == [Stop, CancelRun]
    assert isinstance(actions[0], Stop)
    assert "terminated in the UI" in (actions[0].reason or "")


def test_terminated_in_the_ui_with_a_living_worker_is_the_workers_work() -> None:
    assert decided(runs=(run("run-a", S.CANCELING, 100),)) == []
