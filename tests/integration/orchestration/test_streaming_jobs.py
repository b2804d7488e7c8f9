"""The jobs that change a service, as runs, and the columns of the assets against the real database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from core.settings import PostgresSettings, Settings
from orchestration.defs.streaming.columns import COLUMNS
from orchestration.defs.streaming.jobs import defs, set_generator_rate
from orchestration.services import GeneratorResource
from tests.managed import export, manager_of, own_settings

RESOURCES = {"generator": GeneratorResource()}
TYPES = """
    SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull
    FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def own(
    settings: Settings, database: PostgresSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings of the test's own, in the environment; its generator finds no broker and waits for one."""
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": "localhost:1"})
    exported = own_settings(settings, database, kafka, "none", tmp_path)
    export(monkeypatch, exported)
    return exported


def launch(name: str, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    found = defs()
    assert isinstance(found, dg.Definitions)
    (job,) = [job for job in found.jobs or () if job.name == name]
    assert isinstance(job, dg.JobDefinition)
    return job.execute_in_process(instance=instance, resources=RESOURCES, raise_on_error=False)


def set_rate(rate: float, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return set_generator_rate.execute_in_process(
        instance=instance,
        resources=RESOURCES,
        run_config={"ops": {"set_rate": {"config": {"events_per_s": rate}}}},
        raise_on_error=False,
    )


def words_of(result: dg.ExecuteInProcessResult) -> str:
    """Why a run failed."""
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    data = failure.step_failure_data.user_failure_data
    assert data is not None
    return data.description or ""


def test_start_restart_and_stop(own: Settings, instance: dg.DagsterInstance) -> None:
    generator = GeneratorResource()
    with manager_of(own):
        for name, desired in (("start", "running"), ("restart", "running"), ("stop", "stopped")):
            result = launch(f"{name}_generator", instance)
            assert result.success
            status = generator.status()
            assert status.desired == desired
            assert status.reason == f"{name} asked for by run {result.run_id[:8]}"
        assert generator.status().state == "stopped"


def test_a_refused_start_explains_what_to_do(own: Settings, instance: dg.DagsterInstance) -> None:
    result = launch("start_generator", instance)
    assert not result.success
    assert "The process manager does not answer" in words_of(result)


def test_the_rate_is_set(own: Settings, instance: dg.DagsterInstance) -> None:
    assert set_rate(12.5, instance).success
    assert GeneratorResource().status().rate == 12.5


def test_a_bad_rate_is_refused_with_a_reason(own: Settings, instance: dg.DagsterInstance) -> None:
    result = set_rate(0, instance)
    assert not result.success
    assert "choose one from 0.1 to 100,000" in words_of(result)
    assert GeneratorResource().status().rate is None


@pytest.mark.parametrize("relation", sorted(COLUMNS))
def test_columns_are_those_of_the_database(connection: psycopg.Connection[Any], relation: str) -> None:
    found = {name: (kind, nullable) for name, kind, nullable in connection.execute(TYPES, (relation,))}
    shown = {name: (kind, nullable) for name, (kind, nullable, _) in COLUMNS[relation].items()}
    assert shown == found
