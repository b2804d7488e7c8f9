"""The quality sensor on a real database: what it reports, when it tells somebody, and how a difference heals."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from control.observation import observe
from core.settings import KafkaSettings, PostgresSettings, Settings
from database import reconcile
from orchestration.defs.batch_layer.jobs import backfill_kpis, hours
from orchestration.defs.quality.catalogue import CHECKS, RECONCILIATION, Facts
from orchestration.defs.quality.memory import Memory
from orchestration.defs.quality.on_demand import quality_checks
from orchestration.defs.quality.sensor import quality_sensor
from orchestration.defs.quality.tick import REQUEST_AGAIN_S, Tick, tick
from orchestration.resources import KafkaResource, PostgresResource
from stack.host.environment import settings_as_environment
from tests.platform_rows import PlatformRows

Connection = psycopg.Connection[tuple[object, ...]]
OPEN = "SELECT incident FROM ops.alert WHERE closed_at IS NULL ORDER BY 1"
FRESHNESS = "kpi_1m/freshness"


WITHOUT_BROKER = {check.key for check in CHECKS} - {"events_raw/topic_settings"}
"""No broker runs here, so nothing is known of the topic's settings."""


@pytest.fixture
def rows(
    settings: Settings, database: PostgresSettings, connection: Connection, tmp_path: Path
) -> PlatformRows:
    """A platform that is well, with an hour of settled minutes of which every sixth has an event."""
    rows = PlatformRows.over(settings, database, connection, tmp_path)
    first = rows.now.replace(second=0) - timedelta(minutes=60)
    for minute in range(0, 50, 6):
        rows.event(f"e{minute}", first + timedelta(minutes=minute))
    reconcile.recompute(connection, first, first + timedelta(minutes=50))
    rows.well()
    return rows


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


class Sensor:
    """Ticks without Dagster; `seconds` pass before each."""

    def __init__(self, rows: PlatformRows) -> None:
        self.rows = rows
        self.memory = Memory()
        self.batch = 3

    def tick(self, seconds: float = 30, *, lag_records: int = 0) -> Tick:
        self.rows.now += timedelta(seconds=seconds)
        self.rows.heartbeat(lag_records=lag_records)
        seen = observe(self.rows.connection, self.rows.settings, clock=self.rows.clock)
        done = tick(Facts(seen, self.rows.settings, self.rows.connection), self.memory)
        self.memory = Memory.read(done.memory.model_dump_json())
        return done

    def commit(self) -> None:
        """Both queries commit a new event."""
        for query in ("events_clean", "kpi_1m"):
            self.rows.batch(query, self.batch)
            self.rows.begin_batch(query, self.batch, committed=True)
        self.batch += 1

    def reported(self, seconds: float = 30) -> set[str]:
        return {check.key for check in self.tick(seconds).report}

    def incidents(self) -> list[object]:
        return [incident for (incident,) in self.rows.connection.execute(OPEN)]


@pytest.fixture
def sensor(rows: PlatformRows) -> Sensor:
    return Sensor(rows)


def test_all_is_reported_once_a_minute(sensor: Sensor) -> None:
    assert sensor.reported(0) == WITHOUT_BROKER
    assert sensor.reported(28) == set()
    assert sensor.reported(28) == WITHOUT_BROKER
    assert sensor.incidents() == []


def test_a_change_is_reported_at_once_and_an_incident_by_its_second_failure(sensor: Sensor) -> None:
    sensor.tick(50)
    both = {"events_clean/freshness", FRESHNESS}
    assert sensor.reported(15) == both
    assert sensor.incidents() == []
    assert sensor.reported(15) == set()
    assert sensor.incidents() == sorted(f"check:{key}" for key in both)
    sensor.tick(15)
    sensor.commit()
    assert sensor.reported(0) == both
    assert sensor.incidents() == []
    told = sensor.rows.connection.execute("SELECT incident, title, text FROM ops.alert ORDER BY 1").fetchall()
    assert [(incident, title) for incident, title, _ in told] == [
        ("check:events_clean/freshness", "freshness of events_clean failed"),
        ("check:kpi_1m/freshness", "freshness of kpi_1m failed"),
    ]
    assert "nothing new arrives" in str(told[0][2])


def test_a_warning_is_no_incident(sensor: Sensor) -> None:
    sensor.rows.service("generator", "stopped", "by hand")
    sensor.rows.batch(
        "events_clean",
        3,
        offsets_to='{"0": 530}',
        records_read=500,
        records_written=0,
        records_rejected=500,
    )
    for _ in range(4):
        sensor.tick(60)
    assert sensor.memory.signs["events_rejected/reject_rate"] == "failed/WARN"
    assert sensor.incidents() == []
    assert sensor.memory.signs[FRESHNESS] == "passed/WARN"


def test_a_difference_requests_its_hour_until_it_is_healed(sensor: Sensor) -> None:
    assert sensor.tick().backfills == ()
    minute = sensor.rows.now.replace(second=0) - timedelta(minutes=31)
    sensor.rows.connection.execute(
        "UPDATE kpi_1m SET revenue = 1 WHERE window_start = (SELECT min(window_start) FROM kpi_1m WHERE window_start > %s)",
        (minute,),
    )
    sensor.commit()
    found = sensor.tick(60)
    (hour,) = found.backfills
    assert found.report[RECONCILIATION].is_incident
    assert f"backfill_kpis for {hour}" in found.report[RECONCILIATION].description
    sensor.commit()
    again = sensor.tick(30)
    assert again.backfills == (), "it was just requested"
    assert sensor.incidents() == ["check:kpi_1m/reconciliation"]
    sensor.commit()
    assert sensor.tick(REQUEST_AGAIN_S).backfills == (hour,), "it still differs"
    first = sensor.rows.now.replace(minute=0, second=0) - timedelta(hours=2)
    reconcile.recompute(sensor.rows.connection, first, first + timedelta(hours=3))
    sensor.commit()
    healed = sensor.tick(15)
    assert healed.report[RECONCILIATION].passed, "compared at once after a difference"
    assert sensor.incidents() == []


def test_what_cannot_be_compared_leaves_the_last_verdict(sensor: Sensor) -> None:
    sensor.rows.connection.execute("DELETE FROM kpi_1m")
    for _ in range(2):
        sensor.commit()
        assert RECONCILIATION.key in {check.key for check in sensor.tick(60).report}
    assert "check:kpi_1m/reconciliation" in sensor.incidents()
    sensor.commit()
    assert RECONCILIATION not in sensor.tick(60, lag_records=100_000).report
    assert "check:kpi_1m/reconciliation" in sensor.incidents()
    assert RECONCILIATION.key in sensor.memory.incidents


@pytest.mark.parametrize("cursor", [None, "", "7", "[]", '{"signs": 3}', '{"unknown": 1}', "\0"])
def test_a_cursor_of_other_code_is_forgotten(cursor: str | None) -> None:
    assert Memory.read(cursor).reported_at == 0.0


# In Dagster ----------------------------------------------------------------------------------------

ASSETS = [dg.AssetSpec(name) for name in sorted({check.asset for check in CHECKS})]


def definitions() -> dg.Definitions:
    resources = {"postgres": PostgresResource(), "kafka": KafkaResource()}
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=[quality_checks],
        jobs=[backfill_kpis],
        sensors=[quality_sensor],
        resources=resources,
    )


@pytest.fixture
def environment(rows: PlatformRows, monkeypatch: pytest.MonkeyPatch) -> PlatformRows:
    nowhere = rows.settings.kafka.model_copy(update={"bootstrap_servers": "localhost:1"})
    mine = rows.settings.model_copy(update={"kafka": nowhere})
    for name, value in settings_as_environment(mine).items():
        monkeypatch.setenv(name, value)
    return rows


def evaluate(instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    repository = definitions().get_repository_def()
    with dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        definitions=definitions(),
        resources={"postgres": PostgresResource(), "kafka": KafkaResource()},
    ) as context:
        result = quality_sensor(context)
        assert isinstance(result, dg.SensorResult | dg.SkipReason)
        if isinstance(result, dg.SensorResult):
            for request in result.run_requests or []:
                assert request.partition_key in hours.get_partition_keys()
                assert repository.has_job(str(request.job_name))
        return result


def test_the_sensor_reports_and_requests(environment: PlatformRows, instance: dg.DagsterInstance) -> None:
    environment.connection.execute("UPDATE kpi_1m SET revenue = 1")
    result = evaluate(instance)
    assert isinstance(result, dg.SensorResult)
    evaluations = [event for event in result.asset_events if isinstance(event, dg.AssetCheckEvaluation)]
    reported = {f"{each.asset_key.to_user_string()}/{each.check_name}" for each in evaluations}
    assert reported == WITHOUT_BROKER
    requests = result.run_requests or []
    assert {request.job_name for request in requests} == {"backfill_kpis"}
    assert len({request.run_key for request in requests}) == len(requests) > 0
    again = evaluate(instance, result.cursor)
    assert isinstance(again, dg.SensorResult)
    assert not again.run_requests


def test_a_database_that_is_away_is_no_error(
    environment: PlatformRows, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERPULSE_POSTGRES__PORT", "1")
    result = evaluate(instance)
    assert isinstance(result, dg.SkipReason)
    assert "The database does not answer" in str(result.skip_message)


def test_the_same_checks_run_on_demand(environment: PlatformRows, instance: dg.DagsterInstance) -> None:
    environment.connection.execute("UPDATE kpi_1m SET revenue = 1")
    wanted = [check.spec.key for check in CHECKS if check.name in {"reconciliation", "reject_rate"}]
    result = dg.materialize(
        [quality_checks, *ASSETS],
        instance=instance,
        selection=dg.AssetSelection.checks(*wanted),
        resources={"postgres": PostgresResource(), "kafka": KafkaResource()},
    )
    found = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert set(found) == {"reconciliation", "reject_rate"}
    assert not found["reconciliation"].passed
    assert found["reject_rate"].passed


def test_the_definitions_load(instance: dg.DagsterInstance) -> None:
    dg.Definitions.validate_loadable(definitions())


def test_a_difference_heals_without_a_hand(environment: PlatformRows, instance: dg.DagsterInstance) -> None:
    """Found, requested, recomputed by the real job, found well: what three minutes are allowed for."""
    environment.connection.execute("UPDATE kpi_1m SET revenue = 1")
    found = evaluate(instance)
    assert isinstance(found, dg.SensorResult)
    job = definitions().get_job_def("backfill_kpis")
    for request in found.run_requests or []:
        assert job.execute_in_process(instance=instance, partition_key=request.partition_key).success
    after = evaluate(instance, found.cursor)
    assert isinstance(after, dg.SensorResult)
    (healed,) = (each for each in after.asset_events if _is(each, "reconciliation"))
    assert isinstance(healed, dg.AssetCheckEvaluation)
    assert healed.passed


def _is(event: object, check_name: str) -> bool:
    return isinstance(event, dg.AssetCheckEvaluation) and event.check_name == check_name


def test_a_tick_is_cheap(
    environment: PlatformRows,
    instance: dg.DagsterInstance,
    broker: KafkaSettings,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS", broker.bootstrap_servers)
    monkeypatch.setenv("ORDERPULSE_KAFKA__TOPIC", topic)
    processor_s = []
    for _ in range(4):
        started = time.process_time()
        assert isinstance(evaluate(instance), dg.SensorResult)
        processor_s.append(time.process_time() - started)
    assert min(processor_s) < 1.0, processor_s
