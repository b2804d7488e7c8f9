"""What a data engineer does in Dagster's UI, through the GraphQL behind it, on a running platform."""

import time
from collections.abc import Callable

import pytest

from control.checkpoint_logs import read_checkpoint
from core import postgres
from stack.host.waiting import wait_until
from tests.e2e.dagster_ui import DagsterUi, Evaluation
from tests.e2e.platform import Platform

pytestmark = pytest.mark.timeout(600)

TABLES = {"events_clean", "events_rejected", "kpi_1m", "kpi_1m_by_currency", "kpi_1m_detail"}
VIEWS = {f"v_kpi_{kind}{span}" for kind in ("", "by_currency_") for span in ("15m", "1h", "24h")}
CORRUPT = """
    WITH event AS (
        INSERT INTO events_clean (id, event_time, event_type, order_id, user_id, amount, currency, status)
        SELECT
            gen_random_uuid()::text,
            least(date_trunc('minute', now()) - interval '20 minutes', min(window_start) - interval '1 minute'),
            'payment_success', 'ORD1', 'USR1', 10, 'USD', 'success'
        FROM kpi_1m RETURNING event_time
    )
    INSERT INTO kpi_1m (window_start, window_end, revenue, payment_success, success_rate)
    SELECT event_time, event_time + interval '1 minute', 999, 1, 100 FROM event
    RETURNING window_start
"""


@pytest.fixture(scope="module")
def ui(platform: Platform) -> DagsterUi:
    """The web server of the running platform."""
    return DagsterUi(platform.settings)


@pytest.fixture(scope="module", autouse=True)
def began() -> float:
    """When the tests of this module began, a Unix time."""
    return time.time()


def wait_for_check(
    ui: DagsterUi, asset: str, name: str, words: str, *, passed: bool, timeout_s: float
) -> Evaluation:
    """The evaluation of that outcome that holds `words`, as soon as there is one."""
    seen: list[Evaluation | None] = [None]

    def is_there() -> bool:
        seen[0] = ui.check(asset, name)
        return seen[0] is not None and seen[0].passed is passed and words in seen[0].description.lower()

    assert wait_until(is_there, timeout_s, poll_s=1.0), f"{asset}/{name}: {seen[0]}"
    assert seen[0] is not None
    return seen[0]


def test_the_graph_is_the_picture_of_the_platform(ui: DagsterUi) -> None:
    needs = {
        name: {"/".join(key["path"]) for key in node["dependencyKeys"]} for name, node in ui.assets().items()
    }
    assert set(needs) == {"events_raw", *TABLES, *VIEWS, "dashboard"}
    assert needs["events_raw"] == set()
    assert needs["events_clean"] == needs["events_rejected"] == needs["kpi_1m_detail"] == {"events_raw"}
    assert needs["kpi_1m_by_currency"] == {"kpi_1m_detail"}
    assert needs["kpi_1m"] == {"kpi_1m_by_currency"}
    assert all(needs[view] == {"kpi_1m_by_currency" if "currency" in view else "kpi_1m"} for view in VIEWS)
    assert needs["dashboard"] == {view for view in VIEWS if "currency" in view}


@pytest.mark.parametrize("asset", ["events_raw", *sorted(TABLES)])
def test_an_asset_shows_live_metadata(ui: DagsterUi, asset: str) -> None:
    def newest() -> list[str]:
        reports = ui.assets()[asset]["assetObservations"]
        return [entry["label"] for entry in reports[0]["metadataEntries"]] if reports else []

    assert wait_until(lambda: newest() != [], 60, poll_s=1.0)
    assert len(newest()) >= 3


@pytest.mark.parametrize("job", ["generator", "spark_stream"])
def test_the_sensor_attached_one_run(platform: Platform, ui: DagsterUi, job: str) -> None:
    assert wait_until(lambda: len(ui.runs(job, "STARTED")) == 1, 60, poll_s=1.0), ui.runs(job)
    (run,) = ui.runs(job, "STARTED")
    assert ui.tags(run)["dagster/sensor_name"] == "streaming_sensor"
    assert platform.wait_for(f"SELECT attached_run FROM ops.service WHERE name = '{job}'") == run


def test_the_rate_is_set_by_its_job(platform: Platform, ui: DagsterUi) -> None:
    ui.launch("set_generator_rate", {"ops": {"set_rate": {"config": {"events_per_s": 33.0}}}})
    wanted = "SELECT progress ->> 'rate_wanted' = '33.0' FROM ops.heartbeat WHERE name = 'generator'"
    assert platform.wait_for(wanted)


def test_a_corrupted_kpi_is_found_and_healed_within_three_minutes(
    platform: Platform, ui: DagsterUi, measured: Callable[[str], None]
) -> None:
    compared_itself = "SELECT clock_timestamp() - started_at > interval '75 s' FROM ops.heartbeat WHERE name = 'spark_stream'"
    platform.wait_for(compared_itself, timeout_s=90)
    started = time.monotonic()
    with postgres.connect(platform.settings.postgres, autocommit=True) as connection:
        row = connection.execute(CORRUPT).fetchone()
        assert row is not None
        said = wait_for_check(ui, "kpi_1m", "reconciliation", "", passed=False, timeout_s=120)
        assert f"{row[0]:%H:%M}" in said.description
        revenue = "SELECT revenue::text FROM kpi_1m WHERE window_start = %s"
        assert wait_until(lambda: connection.execute(revenue, row).fetchone() == ("10.00",), 120, poll_s=1.0)
    wait_for_check(ui, "kpi_1m", "reconciliation", "", passed=True, timeout_s=120)
    measured(f"a corrupted KPI: found, healed, passed in {time.monotonic() - started:.0f} s")
    assert time.monotonic() - started < 180
    assert ui.runs("backfill_kpis", "SUCCESS")


def test_a_stop_on_purpose_is_distinguished_from_a_fault(platform: Platform, ui: DagsterUi) -> None:
    (attached,) = ui.runs("spark_stream", "STARTED")
    ui.launch("stop_spark_stream")
    assert platform.wait_pid("spark_stream", lambda pid: pid is None, 90)
    assert wait_until(lambda: attached in ui.runs("spark_stream", "SUCCESS"), 30), "its run ends in order"
    for asset in ("events_clean", "kpi_1m"):
        wait_for_check(ui, asset, "freshness", "stopped on purpose", passed=True, timeout_s=150)
    assert "stays stopped" in platform.command("up")


def test_a_torn_commit_is_reported_and_the_way_out_works(platform: Platform, ui: DagsterUi) -> None:
    folder = platform.settings.checkpoint_dir / "kpi_1m"
    checkpoint = read_checkpoint(folder)
    assert checkpoint is not None
    newest = checkpoint.commits.newest
    (folder / "commits" / str(newest)).write_bytes(b"v1\n{")
    said = wait_for_check(ui, "kpi_1m", "checkpoint_health", "reset_checkpoint", passed=False, timeout_s=60)
    assert f"batch {newest} " in said.description
    run = ui.launch(
        "reset_checkpoint", {"ops": {"reset": {"config": {"query": "kpi_1m", "keep_offsets": True}}}}
    )
    assert wait_until(lambda: run in ui.runs("reset_checkpoint", "SUCCESS"), 60)
    ui.launch("start_spark_stream")
    platform.wait_for(
        "SELECT count(DISTINCT query_name) = 2 FROM ops.stream_batch "
        "WHERE max_event_time > clock_timestamp() - interval '5 seconds'",
        timeout_s=120,
    )
    wait_for_check(ui, "kpi_1m", "checkpoint_health", "agrees", passed=True, timeout_s=60)


def test_a_reset_is_refused_while_the_stream_runs(ui: DagsterUi) -> None:
    run = ui.launch(
        "reset_checkpoint", {"ops": {"reset": {"config": {"query": "both", "keep_offsets": False}}}}
    )
    assert wait_until(lambda: run in ui.runs("reset_checkpoint", "FAILURE"), 60)


def test_terminating_the_run_stops_the_process_and_launching_it_starts_it(
    platform: Platform, ui: DagsterUi
) -> None:
    (attached,) = ui.runs("generator", "STARTED")
    ui.terminate(attached)
    assert platform.wait_pid("generator", lambda pid: pid is None, 30)
    assert wait_until(lambda: attached in ui.runs("generator", "CANCELED"), 30)
    assert platform.wait_for(
        "SELECT reason FROM ops.service WHERE name = 'generator' AND desired = 'stopped'"
    )
    run = ui.launch("generator")
    assert platform.wait_pid("generator", lambda pid: pid is not None)
    assert ui.runs("generator", "STARTED") == [run]


def test_no_sensor_failed_meanwhile(ui: DagsterUi, began: float) -> None:
    for sensor in ("streaming_sensor", "quality_sensor", "alert_sensor", "dbt_project_sensor"):
        ticks = [tick for tick in ui.ticks(sensor) if tick["timestamp"] > began]
        assert ticks
        assert [tick["error"] for tick in ticks if tick["error"]] == []
