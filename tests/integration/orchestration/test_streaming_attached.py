"""Attached runs, with a real manager and a real generator; those that end their own worker have one of their own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.storage.tags import SENSOR_NAME_TAG

from core.settings import KafkaSettings, PostgresSettings, Settings
from orchestration.defs.streaming.attached import generator as generator_job
from orchestration.services import GeneratorResource
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from tests.managed import export, manager_of, own_settings

TIMEOUT_S = 90.0
S = dg.DagsterRunStatus
Connection = psycopg.Connection[Any]
WORKER = """
import sys
import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from orchestration.defs.streaming.attached import generator
from orchestration.services import GeneratorResource
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
    for run_id in sys.argv[2:]:
        try:
            generator.execute_in_process(
                instance=instance, resources={"generator": GeneratorResource()}, run_id=run_id
            )
        except DagsterExecutionInterruptedError:
            print("interrupted", flush=True)
"""
FIRST, SECOND = "0d9f3a52-6a6a-4a53-a4b5-0f6d5a7c1c11", "0d9f3a52-6a6a-4a53-a4b5-0f6d5a7c1c22"


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def own(
    settings: Settings,
    database: PostgresSettings,
    broker: KafkaSettings,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Settings]:
    """Settings of the test's own, in the environment."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-"))
    exported = own_settings(settings, database, broker, topic, folder)
    export(monkeypatch, exported)
    yield exported
    shutil.rmtree(folder)


def watch(instance: dg.DagsterInstance, **tags: str) -> dg.ExecuteInProcessResult:
    """Run the job to its end."""
    return generator_job.execute_in_process(
        instance=instance, resources={"generator": GeneratorResource()}, tags=tags
    )


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Do `act` beside the block; what it raises fails the test, after the process has been stopped."""

    def acted() -> None:
        try:
            act()
        except BaseException:
            GeneratorResource().stop("the test failed")
            raise

    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(acted)
        yield
        acting.result(TIMEOUT_S)


def wait_watched() -> str:
    """The run that watches, as soon as the process it watches runs."""
    generator = GeneratorResource()

    def is_watched() -> bool:
        status = generator.status()
        return status.attached_run is not None and status.state == "running"

    assert wait_until(is_watched, TIMEOUT_S), generator.status()
    run_id = generator.status().attached_run
    assert run_id is not None
    return run_id


def said(instance: dg.DagsterInstance, run_id: str) -> str:
    """All that a run logged."""
    return "\n".join(entry.user_message for entry in instance.all_logs(run_id))


def test_launched_by_hand_it_starts_the_process_and_ends_when_that_is_stopped(
    own: Settings, connection: Connection, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("UPDATE ops.service SET desired = 'stopped'")
    reasons: list[str | None] = []
    (closed_port,) = free_ports(1)

    def act() -> None:
        run_id = wait_watched()
        reasons.append(GeneratorResource().status().reason)
        assert wait_until(lambda: "generator: running, pid" in said(instance, run_id), TIMEOUT_S)
        with pytest.MonkeyPatch.context() as away:
            away.setenv("ORDERPULSE_POSTGRES__PORT", str(closed_port))
            assert wait_until(lambda: attached_age_s(connection) > 5, TIMEOUT_S)
        assert wait_until(lambda: "the database did not answer" in said(instance, run_id), TIMEOUT_S)
        GeneratorResource().stop("enough for today")

    with manager_of(own), meanwhile(act):
        result = watch(instance)
    assert result.success
    assert reasons == [f"started by run {result.run_id[:8]}"]
    log = said(instance, result.run_id)
    assert log.count("the database did not answer") == 1
    assert "generator is stopped (enough for today)" in log


def attached_age_s(connection: Connection) -> float:
    row = connection.execute(
        "SELECT extract(epoch FROM clock_timestamp() - attached_at)::float8 FROM ops.service WHERE name = 'generator'"
    ).fetchone()
    assert row is not None
    return float(row[0])


def test_terminated_in_the_ui_it_stops_the_process(own: Settings, instance: dg.DagsterInstance) -> None:
    def act() -> None:
        run = instance.get_run_by_id(wait_watched())
        assert run is not None
        instance.report_run_canceling(run)

    with manager_of(own):
        with meanwhile(act), pytest.raises(DagsterExecutionInterruptedError):
            watch(instance)
        status = GeneratorResource().status()
        assert (status.desired, status.state) == ("stopped", "stopped")
        assert status.reason == f"terminated in the UI (run {str(status.attached_run)[:8]})"


def test_a_second_one_ends_at_once(own: Settings, instance: dg.DagsterInstance) -> None:
    first = instance.create_run_for_job(generator_job, status=S.STARTED)
    generator = GeneratorResource()
    generator.attach(first.run_id)
    result = watch(instance)
    assert result.success
    assert "is attached to generator already" in said(instance, result.run_id)
    assert generator.status().attached_run == first.run_id


def test_the_sensors_run_does_not_start_what_was_stopped_meanwhile(
    own: Settings, connection: Connection, instance: dg.DagsterInstance
) -> None:
    connection.execute("UPDATE ops.service SET desired = 'stopped'")
    with manager_of(own):
        assert watch(instance, **{SENSOR_NAME_TAG: "streaming_sensor"}).success
        assert GeneratorResource().status().desired == "stopped"


def test_a_bare_signal_and_the_sensors_verdict_only_detach_it(own: Settings, tmp_path: Path) -> None:
    generator = GeneratorResource()
    with manager_of(own), dg.DagsterInstance.local_temp(str(tmp_path)) as shared:
        command = [sys.executable, "-c", WORKER, str(tmp_path), FIRST, SECOND]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            try:
                assert wait_watched() == FIRST
                pid = generator.status().pid
                os.kill(worker.pid, signal.SIGTERM)
                assert wait_until(lambda: generator.status().attached_run == SECOND, TIMEOUT_S)
                run = shared.get_run_by_id(SECOND)
                assert run is not None
                shared.report_run_failed(run, "no sign of life")
                output, _ = worker.communicate(timeout=TIMEOUT_S)
            finally:
                worker.kill()
        assert "interrupted" not in output, output
        assert "detached by a signal" in said(shared, FIRST)
        assert "attached_run.given_up" in output, output
        status = generator.status()
        assert (status.desired, status.reason, status.pid) == ("running", None, pid)
        verdicts = [shared.get_run_by_id(run_id) for run_id in (FIRST, SECOND)]
        assert [run and run.status for run in verdicts] == [S.SUCCESS, S.FAILURE]
        kinds = {
            entry.dagster_event.event_type_value for entry in shared.all_logs(SECOND) if entry.dagster_event
        }
        assert "PIPELINE_SUCCESS" not in kinds
