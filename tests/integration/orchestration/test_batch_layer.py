"""The jobs of the batch layer: real commands on a real database, topic and Spark."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import dagster as dg
import orjson
import psycopg
import pytest
from confluent_kafka import Producer

from core import kafka
from core.settings import KafkaSettings, PostgresSettings, Settings
from database.retention import advance_mark
from orchestration.defs.batch_layer.jobs import (
    SUMMARY_TAG,
    backfill_kpis,
    hours,
    replay_rejected,
    reprocess_from_kafka,
)
from orchestration.defs.batch_layer.schedules import admit_late
from orchestration.resources import PostgresResource
from stack.host.environment import settings_as_environment
from tests.integration.spark_jobs import test_map_again
from tests.integration.spark_jobs.test_replay import insert, late_event, marked, reject, reject_events
from tests.streaming import make_event
from tests.truth import check_events, check_kpis

Connection = psycopg.Connection[Any]
HOUR = datetime(2026, 3, 1, 9, tzinfo=UTC)
KEY = "2026-03-01-09:00"


@pytest.fixture
def random() -> Random:
    return Random(20260304)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def own(settings: Settings, database: PostgresSettings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of the test's own database, in the environment too."""
    changed = settings.model_copy(update={"postgres": database})
    for name, value in settings_as_environment(changed).items():
        monkeypatch.setenv(name, value)
    return changed


def run(
    job: dg.JobDefinition, instance: dg.DagsterInstance, config: dict[str, Any] | None = None, **how: Any
) -> dg.ExecuteInProcessResult:
    (node,) = job.nodes
    return job.execute_in_process(
        run_config={"ops": {node.name: {"config": config}}} if config else None,
        resources={"postgres": PostgresResource()},
        instance=instance,
        raise_on_error=False,
        **how,
    )


def summary(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of the run's only output."""
    assert result.success
    (output,) = (event for event in result.all_node_events if event.is_successful_output)
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def why(result: dg.ExecuteInProcessResult) -> str:
    """The error of the run's failure."""
    assert not result.success
    (failure,) = (event for event in result.all_node_events if event.is_step_failure)
    details = failure.step_failure_data.user_failure_data
    assert details is not None, "our own failure, not an accident"
    return str(details.description)


@pytest.mark.usefixtures("own")
def test_an_hour_is_recomputed_unless_its_events_were_deleted(
    instance: dg.DagsterInstance, connection: Connection, random: Random
) -> None:
    event = make_event(random, now=HOUR + timedelta(minutes=59))
    after = make_event(random, now=HOUR + timedelta(hours=1))
    for each in (event, after):
        insert(connection, each)
    assert summary(run(backfill_kpis, instance, partition_key=KEY)) == {"minutes": 1}
    check_events(connection, [event, after])
    connection.execute("DELETE FROM events_clean WHERE id = %s", (after["id"],))
    check_kpis(connection, [event])
    advance_mark(connection, HOUR + timedelta(hours=1))
    connection.execute("DELETE FROM events_clean")
    said = why(run(backfill_kpis, instance, partition_key=KEY))
    assert "The events of 1 minutes" in said
    assert "were deleted by age" in said
    assert connection.execute("SELECT count(*) FROM kpi_1m").fetchone() == (1,)


def test_the_hour_under_way_is_a_partition_too() -> None:
    now = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert hours.get_partition_keys(current_time=now)[-1] == KEY


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_late_records_are_admitted_by_the_job(
    instance: dg.DagsterInstance, connection: Connection, random: Random
) -> None:
    events = [late_event(random) for _ in range(3)]
    reject_events(connection, events, "late")
    assert "tardy: no such reason. The reasons are" in why(
        run(replay_rejected, instance, {"reasons": ["tardy"]})
    )
    done = summary(run(replay_rejected, instance, {"reasons": ["late"], "admit_late": True}))
    assert (done["judged"], done["admitted"], done["minutes"]) == (3, 3, 1)
    check_events(connection, events)
    check_kpis(connection, events)


@pytest.mark.slow
def test_messages_of_a_source_are_mapped_again_by_the_job(
    own: Settings,
    instance: dg.DagsterInstance,
    connection: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The summary is a tag of the run too, which the API reads."""
    changed = own.model_copy(
        update={"intake": own.intake.model_copy(update={"sources_dir": tmp_path / "sources"})}
    )
    monkeypatch.setenv("ORDERPULSE_INTAKE__SOURCES_DIR", str(changed.sources_dir))
    test_map_again.write_source(changed, "body.sum")
    test_map_again.keep(connection, [test_map_again.sale(1, paid=True), b"{}"])
    assert "Give `reasons` or `sources`." in why(run(replay_rejected, instance, {}))
    result = run(replay_rejected, instance, {"sources": ["till"]})
    done = summary(result)
    assert (done["judged"], done["mapped"], done["admitted"]) == (2, 1, 2)
    found = instance.get_run_by_id(result.run_id)
    assert found is not None
    assert json.loads(found.tags[SUMMARY_TAG]) == done | {"dry_run": False}
    assert marked(connection) == [0]


def admit_late_tick(own: Settings, monkeypatch: pytest.MonkeyPatch, *, wanted: bool) -> dg.RunRequest | str:
    """What the schedule does: the run that it launches, or why it launches none."""
    monkeypatch.setenv("ORDERPULSE_SHOP__ADMIT_LATE", str(wanted).lower())
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_schedule_context(instance, resources={"postgres": PostgresResource()}) as context,
    ):
        tick = admit_late.evaluate_tick(context)
    return tick.run_requests[0] if tick.run_requests else str(tick.skip_message)


def test_late_records_are_admitted_on_a_schedule_if_the_shop_wants_it(
    own: Settings, connection: Connection, random: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not own.shop.admit_late, "it is off by default"
    now = datetime.now(UTC)
    assert admit_late_tick(own, monkeypatch, wanted=True) == "No late record waits."
    reject(connection, [b"{}"], "late", taken=now - timedelta(hours=49))
    reject(connection, [b"{}"], "missing_field", 1, now)
    assert admit_late_tick(own, monkeypatch, wanted=True) == "No late record waits."
    reject(connection, [b"{}"], "late", 2, now)
    assert admit_late_tick(own, monkeypatch, wanted=False) == "ORDERPULSE_SHOP__ADMIT_LATE is off."
    wanted = admit_late_tick(own, monkeypatch, wanted=True)
    assert isinstance(wanted, dg.RunRequest)
    config = wanted.run_config["ops"]["judge_anew"]["config"]
    assert (config["reasons"], config["admit_late"]) == (["late"], True)
    since = datetime.fromisoformat(config["from_time"])
    assert timedelta(0) < now - timedelta(hours=48) - since + timedelta(minutes=1) < timedelta(minutes=2)
    assert dg.validate_run_config(replay_rejected, wanted.run_config)


@pytest.mark.slow
def test_a_range_of_the_topic_is_read_again(
    own: Settings,
    broker: KafkaSettings,
    topic: str,
    instance: dg.DagsterInstance,
    connection: Connection,
    random: Random,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By time all of it; by offsets what the topic has, and nothing else."""
    monkeypatch.setenv("ORDERPULSE_KAFKA__TOPIC", topic)
    begun = datetime.now(UTC)
    events = [make_event(random) for _ in range(6)]
    producer = Producer(kafka.client_config(broker))
    for index, event in enumerate(events):
        producer.produce(topic, orjson.dumps(event), partition=index % 3)
    assert producer.flush(30) == 0

    beyond = {"ranges": [{"partition": 1, "first": 0, "last": 3}]}
    assert "Partition 1 of" in why(run(reprocess_from_kafka, instance, beyond))
    both = {"from_time": begun.isoformat()}
    assert "Give either" in why(run(reprocess_from_kafka, instance, both))

    part = {"ranges": [{"partition": 1, "first": 0, "last": 2}]}
    assert summary(run(reprocess_from_kafka, instance, part))["records"] == 2
    check_events(connection, [events[1], events[4]])

    minute = timedelta(minutes=1)
    limits = {
        "from_time": f"{begun - minute:%Y-%m-%dT%H:%M:%S}",
        "to_time": f"{begun + minute:%Y-%m-%dT%H:%M:%S}",
    }
    assert summary(run(reprocess_from_kafka, instance, limits))["records"] == 6
    check_events(connection, events)
    check_kpis(connection, events)
