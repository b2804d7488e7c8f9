"""What the platform's state means: which process hangs, which query makes no progress, why there is no new data."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control import judge
from control.heartbeat import Heartbeat
from control.limits import FIRST_HEARTBEAT_S, FIRST_OUTPUT_S, QUIET_S
from control.rejects import LEAST_RECORDS, RejectShare
from control.state import PlatformState, QueryState, ServiceState
from core.settings import load_settings

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = load_settings()
HANG_S = SETTINGS.dagster.hang_s


@pytest.mark.parametrize(
    ("heartbeat_age_s", "up_s", "liveness"),
    [
        (1, 1000, "alive"),
        (QUIET_S, 1000, "alive"),
        (QUIET_S + 1, 1000, "quiet"),
        (HANG_S - 1, 1000, "quiet"),
        (HANG_S, 1000, "hung"),
        (HANG_S, 1, "hung"),
        (None, 59, "starting"),
        (None, 60, "hung"),
    ],
)
def test_a_process_hangs_after_silence_or_a_start_without_a_heartbeat(
    heartbeat_age_s: float | None, up_s: float, liveness: str
) -> None:
    assert judge.liveness(heartbeat_age_s, up_s, HANG_S, first_heartbeat_s=60) == liveness


def test_a_limit_below_that_of_a_quiet_process_holds() -> None:
    assert judge.liveness(QUIET_S - 1, 1000, hang_s=1.5, first_heartbeat_s=60) == "hung"


@pytest.mark.parametrize(
    ("age_s", "up_s", "health"),
    [
        (1.0, 100, "healthy"),
        (HANG_S - 1, 100, "healthy"),
        (31.0, 100, "unhealthy: silent for 31 s"),
        (None, 10, "starting: no heartbeat yet"),
        (None, FIRST_HEARTBEAT_S["generator"], "unhealthy: silent for 90 s"),
    ],
)
def test_the_column_of_status(age_s: float | None, up_s: float, health: str) -> None:
    heartbeat = None if age_s is None else Heartbeat(7, NOW, age_s, {})
    assert judge.process_health("generator", heartbeat, up_s, HANG_S) == health


def state(
    stream: dict[str, Any] | None = None,
    generator: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
) -> PlatformState:
    """A platform that has run for an hour and is well, with these fields of its services and of `kpi_1m` replaced."""
    service = ServiceState(
        name="spark_stream",
        desired="running",
        reason=None,
        rate=None,
        changed_at=NOW - HOUR,
        attached_run=None,
        attached_at=None,
        attached_age_s=None,
        heartbeat_pid=7,
        started_at=NOW - HOUR,
        beat_at=NOW,
        heartbeat_age_s=0.5,
        progress={},
        failing=None,
    )
    found = QueryState(
        name="kpi_1m",
        batch_id=7,
        committed_at=NOW,
        commit_age_s=0.5,
        max_event_time=NOW,
        event_time_lag_s=0.5,
        durations_ms={},
        has_ended=False,
        lag_records=0,
        input_rate=5.0,
        processed_rate=100.0,
        batch_ms=200,
    )
    services = {
        "spark_stream": replace(service, **(stream or {})),
        "generator": replace(service, **{"name": "generator", **(generator or {})}),
    }
    return PlatformState(NOW, services, {"kpi_1m": replace(found, **(query or {}))}, RejectShare(0, 100))


def ended(age_s: float) -> dict[str, Any]:
    """Nothing was committed, and no event came, for so long."""
    at = NOW - timedelta(seconds=age_s)
    return {"committed_at": at, "commit_age_s": age_s, "max_event_time": at, "event_time_lag_s": age_s}


@pytest.mark.parametrize(
    ("changes", "code", "level"),
    [
        ({}, "committed", "ok"),
        ({"stream": {"desired": "stopped"}}, "stopped", "stopped"),
        ({"stream": {"failing": "It fails."}}, "failing", "error"),
        ({"stream": {"heartbeat_age_s": 12.0}}, "silent", "warning"),
        ({"stream": {"heartbeat_age_s": 31.0}}, "silent", "error"),
        ({"query": {"has_ended": True}}, "query_ended", "error"),
        ({"query": ended(300)}, "read_nothing_new", "warning"),
        ({"query": ended(300) | {"lag_records": 9}}, "stands_still", "error"),
        ({"query": {"event_time_lag_s": 300.0, "lag_records": 9}}, "catching_up_for", "warning"),
        ({"query": ended(300), "generator": {"desired": "stopped"}}, "read_stopped", "ok"),
        ({"query": ended(300), "generator": {"failing": "It fails."}}, "failing", "warning"),
        ({"query": ended(300), "generator": {"started_at": NOW}}, "read_starting", "starting"),
        (
            {"query": ended(300) | {"lag_records": 9}, "stream": {"started_at": NOW}},
            "first_batch",
            "starting",
        ),
    ],
)
def test_a_query_is_judged(changes: dict[str, dict[str, Any]], code: str, level: str) -> None:
    verdict = judge.query(state(**changes), "kpi_1m", SETTINGS)
    assert (verdict.code, verdict.state) == (code, level)
    if code != "committed":
        assert judge.behind(state(**changes), "kpi_1m", SETTINGS) == verdict


def test_a_start_ends_the_silence_of_the_process_before() -> None:
    silent: dict[str, Any] = {"heartbeat_age_s": 3600.0}
    asked = silent | {"changed_at": NOW - timedelta(seconds=100)}
    assert judge.query(state(silent), "kpi_1m", SETTINGS).code == "silent"
    assert judge.query(state(asked), "kpi_1m", SETTINGS).code == "silent_at_start"
    late = silent | {"changed_at": NOW - timedelta(seconds=FIRST_HEARTBEAT_S["spark_stream"])}
    assert judge.query(state(late), "kpi_1m", SETTINGS).code == "silent"
    platform_began = NOW - timedelta(seconds=100)
    assert judge.query(state(silent), "kpi_1m", SETTINGS, platform_began).code == "silent_at_start"
    hung = {"heartbeat_age_s": 40.0, "changed_at": NOW - timedelta(seconds=100)}
    assert judge.query(state(hung), "kpi_1m", SETTINGS).code == "silent", "it hangs since its start"


def test_a_change_of_the_rate_is_no_silence() -> None:
    just = {"heartbeat_age_s": 0.9, "changed_at": NOW}
    assert judge.service(state(generator=just), "generator", HANG_S) is None


@pytest.mark.parametrize(
    ("stream", "generator", "newest_s", "pipeline"),
    [
        (("running", 3600), ("running", 3600), 1, "running"),
        (("running", 3600), ("running", 3600), 300, "running"),
        (("running", 3600), ("running", 3600), None, "running"),
        (("stopped", 5), ("running", 3600), 1, "stopped"),
        (("stopped", 3600), ("stopped", 3600), 300, "stopped"),
        (("running", 10), ("running", 3600), 300, "starting"),
        (("running", 10), ("running", 3600), None, "starting"),
        (("running", 10), ("running", 3600), 1, "running"),
        (("running", FIRST_OUTPUT_S), ("running", 3600), 300, "starting"),
        (("running", FIRST_OUTPUT_S + 1), ("running", 3600), 300, "running"),
        (("running", 3600), ("running", 10), 300, "starting"),
        (("running", 3600), ("running", 10), 1, "running"),
        (("running", 3600), ("stopped", 5), 1, "source_stopped"),
        (("running", 10), ("stopped", 3600), 300, "starting"),
        ((None, None), (None, None), None, "running"),
    ],
)
def test_what_is_wanted_and_when_it_began_says_why_nothing_comes(
    stream: tuple[str | None, float | None],
    generator: tuple[str | None, float | None],
    newest_s: float | None,
    pipeline: str,
) -> None:
    def ago(seconds: float | None) -> datetime | None:
        return None if seconds is None else NOW - timedelta(seconds=seconds)

    row = {
        "as_of": NOW,
        "newest_event_time": ago(newest_s),
        "newest_commit": ago(newest_s),
        "stream_desired": stream[0],
        "stream_began_at": ago(stream[1]),
        "generator_desired": generator[0],
        "generator_began_at": ago(generator[1]),
    }
    assert judge.pipeline(row) == pipeline


@pytest.mark.parametrize(
    ("rejected", "accepted", "exceeds"),
    [
        (36, 64, True),
        (5, 95, False),
        (6, 94, True),
        (LEAST_RECORDS - 1, 0, False),
        (LEAST_RECORDS, 0, True),
        (0, 0, False),
    ],
)
def test_a_share_is_judged_of_enough_records(rejected: int, accepted: int, exceeds: bool) -> None:
    assert RejectShare(rejected, accepted).exceeds(0.05) is exceeds
