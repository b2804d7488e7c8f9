"""The job `retention` on a real database of the platform and one of Dagster."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from core import postgres
from core.settings import PostgresSettings, Settings
from database import reconcile
from orchestration.defs.maintenance.dagster_rows import purge_compute_logs, purge_runs
from orchestration.defs.maintenance.platform_rows import KEPT_BATCHES
from orchestration.defs.maintenance.retention import nightly_retention, retention
from orchestration.resources import PostgresResource
from stack.host.environment import settings_as_environment
from tests.dagster_database import dagster_database as database_of_dagster

Connection = psycopg.Connection[Any]
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
OLD, RECENT = NOW - 40 * DAY, NOW - timedelta(hours=1)
QUERY, HALF_HEALED = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def dagster_database(postgres_server: PostgresSettings) -> Iterator[PostgresSettings]:
    """A fresh database with Dagster's own schema."""
    with database_of_dagster(postgres_server) as own:
        yield own


@pytest.fixture
def dagster(dagster_database: PostgresSettings) -> Iterator[Connection]:
    with postgres.connect(dagster_database, autocommit=True) as opened:
        yield opened


@pytest.fixture
def environment(
    settings: Settings,
    database: PostgresSettings,
    dagster_database: PostgresSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The settings of the two databases, with small batches."""
    changed = settings.model_copy(
        update={
            "postgres": database,
            "dagster": settings.dagster.model_copy(update={"database": dagster_database.database}),
            "stack": settings.stack.model_copy(update={"data_dir": tmp_path}),
            "retention": settings.retention.model_copy(update={"rows_per_batch": 7}),
        }
    )
    for name, value in settings_as_environment(changed).items():
        monkeypatch.setenv(name, value)


def run(instance: dg.DagsterInstance, *, dry_run: bool = False) -> dict[str, Any]:
    """What the run says it deleted, by table."""
    result = retention.execute_in_process(
        run_config={"dry_run": dry_run}, resources={"postgres": PostgresResource()}, instance=instance
    )
    said: dict[str, Any] = {}
    for event in result.all_node_events:
        if event.is_successful_output:
            said |= {name: value.value for name, value in event.step_output_data.metadata.items()}
    assert said.pop("dry_run") == dry_run
    return said


def fill(connection: Connection) -> None:
    """Old and recent rows of everything, and a minute of KPIs on the old events."""
    for moment in (OLD, RECENT):
        for number in range(10):
            connection.execute(
                "INSERT INTO events_clean VALUES (%s, %s, 'order_created', 'O', 'U', 1, 'USD', 'success')",
                (f"{moment:%d%H}-{number}", moment),
            )
            connection.execute(
                'INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason, rejected_at) '
                "VALUES ('t', %s, %s, %s, 'late', %s)",
                (int(moment == OLD), number, moment, moment),
            )
        connection.execute(
            "INSERT INTO ops.alert (incident, title, text, opened_at, closed_at) VALUES ('a', '', '', %s, %s)",
            (moment, moment),
        )
        start = moment.replace(second=0, microsecond=0)
        reconcile.recompute(connection, start, start + timedelta(minutes=1))
    connection.execute(
        "INSERT INTO ops.alert (incident, title, text, opened_at) VALUES ('open', '', '', %s)", (OLD,)
    )
    for query, batches, dropped in ((QUERY, KEPT_BATCHES + 20, 0), (HALF_HEALED, KEPT_BATCHES + 5, 3)):
        connection.execute(
            "INSERT INTO ops.stream_batch (query_id, batch_id, query_name, offsets_from, offsets_to, records_read, "
            "records_written, records_duplicate, records_rejected, records_dropped_by_watermark, durations_ms, committed_at) "
            "SELECT %s, n, 'kpi_1m', '{}', '{}', 1, 1, 0, 0, %s, '{}', %s FROM generate_series(0, %s) n",
            (query, dropped, OLD, batches - 1),
        )


def fill_dagster(connection: Connection) -> None:
    """Events without a run, of an active and an ended one, and evaluations of two checks."""
    for run_id, status in (("is active", "STARTED"), ("has ended", "SUCCESS")):
        connection.execute(
            "INSERT INTO runs (run_id, pipeline_name, status) VALUES (%s, 'spark_stream', %s)",
            (run_id, status),
        )
    for moment in (OLD, RECENT):
        naive = moment.replace(tzinfo=None)
        for run_id, kind in (
            ("", "ASSET_OBSERVATION"),
            ("", "FRESHNESS_STATE_CHANGE"),
            ("is active", "STEP_START"),
            ("is active", None),
            ("has ended", None),
            ("", None),
        ):
            connection.execute(
                "INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp) VALUES (%s, '{}', %s, %s)",
                (run_id, kind, naive),
            )
    for check, moment in (("often", OLD), ("often", RECENT), ("seldom", OLD)):
        connection.execute(
            "INSERT INTO asset_check_executions (asset_key, check_name, create_timestamp) VALUES ('a', %s, %s)",
            (check, moment.replace(tzinfo=None)),
        )


DELETED = {
    "events_clean": 10,
    "ops.events_rejected": 10,
    "ops.stream_batch": 20,
    "ops.alert": 1,
    "dagster.event_logs": 2,
    "dagster.log_lines_of_runs_that_go_on": 1,
    "dagster.asset_check_executions": 1,
    "dagster.runs": 0,
    "dagster.log_folders": 0,
}


@pytest.mark.usefixtures("environment")
def test_old_rows_go_in_batches_and_what_a_state_hangs_on_stays(
    connection: Connection, dagster: Connection, instance: dg.DagsterInstance
) -> None:
    began = datetime.now(UTC)
    fill(connection)
    fill_dagster(dagster)
    kpis = connection.execute("SELECT * FROM kpi_1m ORDER BY 1").fetchall()
    assert run(instance, dry_run=True) == DELETED
    assert count(connection, "events_clean") == 20, "a dry run deletes nothing"
    assert count(connection, "ops.retention") == 0
    assert run(instance) == DELETED
    assert run(instance) == dict.fromkeys(DELETED, 0), "a repetition finds nothing"
    assert count(connection, "events_clean") == count(connection, "ops.events_rejected") == 10
    assert count(connection, "ops.alert") == 2, "an open one and a recent one"
    batches = "SELECT query_id, count(*), min(batch_id) FROM ops.stream_batch GROUP BY 1 ORDER BY 1"
    assert connection.execute(batches).fetchall() == [
        (QUERY, KEPT_BATCHES, 20),
        (HALF_HEALED, KEPT_BATCHES + 5, 0),
    ]
    left = dagster.execute(
        "SELECT run_id, dagster_event_type FROM event_logs WHERE timestamp < now() - interval '1 day'"
    )
    assert sorted(left.fetchall(), key=str) == [
        ("", "FRESHNESS_STATE_CHANGE"),
        ("has ended", None),
        ("is active", "STEP_START"),
    ]
    checks = dagster.execute("SELECT check_name FROM asset_check_executions ORDER BY 1")
    assert checks.fetchall() == [("often",), ("seldom",)]
    assert connection.execute("SELECT * FROM kpi_1m ORDER BY 1").fetchall() == kpis, "KPIs stay"
    mark = connection.execute("SELECT deleted_before FROM ops.retention").fetchall()
    hours = {(at - 30 * DAY).replace(minute=0, second=0, microsecond=0) for at in (began, datetime.now(UTC))}
    assert mark[0][0] in hours, "the full hour, whenever the job looked at the clock"


def test_old_finished_runs_go_but_the_newest_of_each_job_stays(instance: dg.DagsterInstance) -> None:
    @dg.op
    def nothing() -> None: ...

    @dg.job
    def often() -> None:
        nothing()

    @dg.job
    def seldom() -> None:
        nothing()

    runs = [job.execute_in_process(instance=instance).run_id for job in (seldom, often, often, often)]
    assert purge_runs(instance, NOW - DAY) == 0, "none is old"
    future = datetime.now(UTC) + DAY
    assert purge_runs(instance, future, dry_run=True) == 2
    assert len(instance.get_run_ids()) == 4
    assert purge_runs(instance, future) == 2
    assert sorted(instance.get_run_ids()) == sorted([runs[0], runs[3]])


def test_logs_of_runs_that_are_gone_go(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    @dg.job
    def job() -> None: ...

    alive = job.execute_in_process(instance=instance).run_id
    gone, recent = str(uuid.uuid4()), str(uuid.uuid4())
    for name in (alive, gone, recent):
        log = tmp_path / name / "compute_logs" / "step.out"
        log.parent.mkdir(parents=True)
        log.touch()
    for name in (alive, gone):
        for path in [tmp_path / name, *(tmp_path / name).rglob("*")]:
            os.utime(path, (OLD.timestamp(), OLD.timestamp()))
    folders = [tmp_path, tmp_path / "never_made"]
    assert purge_compute_logs(instance, folders, NOW - DAY, dry_run=True) == 1
    assert purge_compute_logs(instance, folders, NOW - DAY) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive, recent])


def test_it_runs_every_night_by_itself() -> None:
    assert nightly_retention.default_status is dg.DefaultScheduleStatus.RUNNING
    assert nightly_retention.cron_schedule == "17 2 * * *"


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None, "an aggregate has a row"
    return int(row[0])
