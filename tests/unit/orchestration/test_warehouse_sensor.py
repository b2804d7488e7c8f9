"""When the views are built: once for each state of the project, again only after a failure."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration import manifest
from orchestration.defs.warehouse.sensor import PROJECT_TAG, next_build, project_sensor

S = dg.DagsterRunStatus
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def requested(result: dg.SensorResult) -> list[str | None]:
    return [request.run_key for request in result.run_requests or []]


def test_a_state_that_was_never_built_is_built() -> None:
    result = next_build("state", [], NOW)
    assert requested(result) == ["state-1"]
    assert result.run_requests is not None
    assert result.run_requests[0].tags == {PROJECT_TAG: "state"}
    assert result.cursor is None, "not before it has ended"


@pytest.mark.parametrize("status", [S.QUEUED, S.STARTING, S.STARTED, S.CANCELING])
def test_a_build_under_way_is_waited_for(status: dg.DagsterRunStatus) -> None:
    result = next_build("state", [(status, NOW)], NOW)
    assert (requested(result), result.cursor) == ([], None)


@pytest.mark.parametrize("status", [S.SUCCESS, S.CANCELED])
def test_what_succeeded_or_was_cancelled_by_a_person_is_done_with(status: dg.DagsterRunStatus) -> None:
    result = next_build("state", [(status, NOW), (S.FAILURE, NOW)], NOW)
    assert (requested(result), result.cursor) == ([], "state")


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (4, 8), (20, 60)])
def test_failures_are_tried_again_less_and_less_often(failures: int, minutes: int) -> None:
    builds = [(S.FAILURE, NOW)] * failures
    assert requested(next_build("state", builds, NOW + minutes * MINUTE - MINUTE / 2)) == []
    assert requested(next_build("state", builds, NOW + minutes * MINUTE)) == [f"state-{failures + 1}"]


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest that is current, and a fingerprint that needs no files."""
    monkeypatch.setattr(manifest, "fingerprint", lambda: "f" * 64)
    monkeypatch.setattr(manifest, "ensure_manifest", lambda: False)


@pytest.mark.usefixtures("current")
def test_the_sensor_asks_once_and_then_rests() -> None:
    sensor = project_sensor("dbt_build", frozenset())
    with dg.DagsterInstance.ephemeral() as instance:
        first = sensor(dg.build_sensor_context(instance, cursor=None))
        assert isinstance(first, dg.SensorResult)
        (request,) = first.run_requests or []
        state = request.tags[PROJECT_TAG]
        later = sensor(dg.build_sensor_context(instance, cursor=state))
    assert isinstance(later, dg.SensorResult)
    assert requested(later) == []
    assert later.cursor == state


def test_added_models_ask_for_a_restart_of_the_code_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "fingerprint", lambda: "f" * 64)
    monkeypatch.setattr(manifest, "ensure_manifest", lambda: True)
    monkeypatch.setattr(manifest, "read_manifest", lambda: {"nodes": {"model.new": {}}, "exposures": {}})
    sensor = project_sensor("dbt_build", frozenset())
    with dg.DagsterInstance.ephemeral() as instance:
        result = sensor(dg.build_sensor_context(instance, cursor=None))
    assert isinstance(result, dg.SensorResult)
    assert requested(result) == []
    assert "restart the code server" in str(result.skip_reason)


def test_every_file_of_the_project_changes_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "PROJECT", tmp_path)
    for name in manifest.SOURCES:
        if "." in name:
            (tmp_path / name).write_text("a")
        else:
            (tmp_path / name).mkdir()
            (tmp_path / name / "file.sql").write_text("a")
    seen = {manifest.fingerprint()}
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        file.write_text("b")
        seen.add(manifest.fingerprint())
    assert len(seen) == len(manifest.SOURCES) + 1
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text("{}")
    assert manifest.fingerprint() in seen, "what dbt writes does not count"
