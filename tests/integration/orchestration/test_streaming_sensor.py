"""The streaming sensor with a real database, and where it acts on a process with a real manager."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster._core.events import DagsterEvent

from control.process_manager import StartLog
from core import kafka
from core.settings import KafkaSettings, PostgresSettings, Settings
from core.topics import EVENTS_RAW
from orchestration.defs.streaming.attached import generator as generator_job
from orchestration.defs.streaming.cursor import Cursor
from orchestration.defs.streaming.sensor import streaming_sensor
from orchestration.resources import PostgresResource
from orchestration.services import GeneratorResource, SparkStreamResource
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from stack.local.health import health
from tests.managed import export, manager_of, own_settings
from tests.platform_rows import PlatformRows

TIMEOUT_S = 90.0
S = dg.DagsterRunStatus
Connection = psycopg.Connection[Any]


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
    instance: dg.DagsterInstance,
) -> Iterator[Settings]:
    """Settings of the test's own, in the environment; no run has ended or lives."""
    instance.wipe()
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-"))
    dagster = settings.dagster.model_copy(update={"hang_s": 1.5, "failure_limit": 2})
    stream = settings.stream.model_copy(update={"checkpoint_dir": folder / "checkpoints"})
    base = settings.model_copy(update={"dagster": dagster, "stream": stream})
    exported = own_settings(base, database, broker, topic, folder)
    export(monkeypatch, exported)
    yield exported
    shutil.rmtree(folder)


class Ticks:
    """The sensor as the daemon calls it: each tick gets the cursor of the one before."""

    def __init__(self, instance: dg.DagsterInstance, cursor: str | None = None) -> None:
        self._instance = instance
        self.cursor = cursor

    def tick(self) -> dg.SensorResult:
        """One tick that could validate."""
        result = self.any_tick()
        assert isinstance(result, dg.SensorResult), result
        self.cursor = result.cursor
        return result

    def any_tick(self) -> object:
        context = dg.build_sensor_context(
            instance=self._instance,
            cursor=self.cursor,
            resources={
                "postgres": PostgresResource(),
                "generator": GeneratorResource(),
                "spark_stream": SparkStreamResource(),
            },
        )
        return streaming_sensor(context)


def unwanted(connection: Connection, *names: str) -> None:
    connection.execute("UPDATE ops.service SET desired = 'stopped' WHERE name = ANY(%s)", (list(names),))


def attach(connection: Connection, run_id: str, *, age_s: float) -> None:
    connection.execute(
        "UPDATE ops.service SET attached_run = %s, attached_at = now() - make_interval(secs => %s)"
        " WHERE name = 'generator'",
        (run_id, age_s),
    )


def a_run(instance: dg.DagsterInstance, status: S, *, started_s_ago: float | None = None) -> str:
    """A run of the job `generator` in that status; returns its id."""
    run = instance.create_run_for_job(generator_job, status=status)
    if started_s_ago is not None:
        started = DagsterEvent(event_type_value="PIPELINE_START", job_name=run.job_name)
        instance.report_dagster_event(started, run.run_id, timestamp=time.time() - started_s_ago)
    return run.run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> S:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def requested(result: dg.SensorResult) -> list[str | None]:
    return [request.job_name for request in result.run_requests or ()]


def looked_before() -> str:
    """The cursor of a sensor that saw all there is ten seconds ago, and has looked for a long time."""
    found = [GeneratorResource().status(), SparkStreamResource().status()]
    beats = {status.name: str(status.beat_at) for status in found}
    attachments = {status.name: str(status.attached_at) for status in found}
    cursor = Cursor().looked(time.time() - 10, beats, attachments, broker_answers=True)
    return cursor.model_copy(update={"servers_since": 0.0}).model_dump_json()


def test_a_wanted_process_is_started_restarted_when_it_hangs_and_stopped_when_unwanted(
    own: Settings, connection: Connection, instance: dg.DagsterInstance
) -> None:
    unwanted(connection, "spark_stream")
    generator, ticks = GeneratorResource(), Ticks(instance)
    with manager_of(own):
        assert requested(ticks.tick()) == ["generator"]
        first = beating(generator)
        ticks.tick()
        os.kill(first, signal.SIGSTOP)
        assert wait_until(lambda: bool(ticks.tick()) and len(generator.status().restarts) > 0, TIMEOUT_S)
        second = beating(generator, other_than=first)
        assert len(generator.status().restarts) == 1
        assert generator.status().reason is None, "nobody asked for anything"

        ticks.tick()
        assert generator.status().pid == second, "it is well: left alone"
        unwanted(connection, "generator")
        ticks.tick()
        assert wait_until(lambda: generator.status().state == "stopped", TIMEOUT_S)


def test_what_fails_again_and_again_is_reported_and_tried_until_it_is_repaired(
    own: Settings, connection: Connection, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = f"{own.kafka.topic}-missing"
    broken = own.model_copy(update={"kafka": own.kafka.model_copy(update={"topic": missing})})
    export(monkeypatch, broken)
    unwanted(connection, "spark_stream")
    generator, ticks = GeneratorResource(), Ticks(instance, looked_before())
    alert = "SELECT text FROM ops.alert WHERE incident = 'service:generator' AND closed_at IS NULL"
    with manager_of(broken) as manager:
        ticks.tick()
        assert wait_until(lambda: generator.status().failures >= 2, TIMEOUT_S), generator.status()
        ticks.tick()
        ((text,),) = connection.execute(alert).fetchall()
        assert "has failed 2 times in a row" in text
        assert missing in text
        assert wait_until(lambda: generator.status().failures >= 4, TIMEOUT_S), "it is tried on"
        assert wait_until(lambda: generator.status().state == "backoff", TIMEOUT_S), generator.status()
        assert generator.status().desired == "running"
        pid = manager.programs()["generator"].pid
        assert "failed 4 times in a row" in health(broken, "generator", pid)
        ticks.tick()
        assert len(connection.execute(alert).fetchall()) == 1, "told once"

        kafka.create_topic(own.kafka, EVENTS_RAW, missing)
        generator.start("repaired: a user need not wait for the end of the delay")
        beating(generator)
        assert wait_until(lambda: generator.status().progress.get("acknowledged", 0) > 0, TIMEOUT_S)
        assert wait_until(lambda: generator.status().state == "running", TIMEOUT_S)
        ticks.tick()
        assert connection.execute(alert).fetchall() == []


def test_five_kills_after_progress_open_no_incident_and_a_stop_during_a_pause_stays_one(
    own: Settings, connection: Connection, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwanted(connection, "spark_stream")
    generator, ticks = GeneratorResource(), Ticks(instance, looked_before())
    with manager_of(own):
        ticks.tick()
        pid = None
        for _ in range(5):
            pid = beating(generator, other_than=pid)
            assert wait_until(lambda: generator.status().progress.get("acknowledged", 0) > 0, TIMEOUT_S)
            ticks.tick()
            os.kill(pid, signal.SIGKILL)
        beating(generator, other_than=pid)
        status = generator.status()
        assert (status.failures, len(status.restarts), status.desired) == (0, 5, "running")
        assert connection.execute("SELECT * FROM ops.alert").fetchall() == []

        StartLog(own, "generator").add(failures=6)  # so that the next one is followed by a pause of 32 s
        pid = beating(generator)
        os.kill(pid, signal.SIGSTOP)  # so that it reports no progress after the next line
        connection.execute("DELETE FROM ops.heartbeat")
        os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: generator.status().state == "backoff", TIMEOUT_S), generator.status()
        generator.stop("enough")
        assert wait_until(lambda: generator.status().state == "stopped", TIMEOUT_S)
        assert generator.status().failures == 0, "the next start is one that somebody asked for"
        ticks.tick()
        assert generator.status().state == "stopped"


def test_the_broker_counts_as_healthy_only_while_it_answers(
    own: Settings, connection: Connection, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = Ticks(instance, looked_before())
    ticks.tick()
    assert Cursor.read(ticks.cursor).servers_since == 0
    (closed_port,) = free_ports(1)
    monkeypatch.setenv("ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS", f"localhost:{closed_port}")
    ticks.tick()
    assert Cursor.read(ticks.cursor).servers_since > time.time() - 10


def test_a_lost_run_fails_and_another_is_requested(
    own: Settings, connection: Connection, instance: dg.DagsterInstance
) -> None:
    unwanted(connection, "spark_stream")
    lost = a_run(instance, S.NOT_STARTED, started_s_ago=100)
    attach(connection, lost, age_s=30)
    ticks = Ticks(instance, "of another version")
    assert requested(ticks.tick()) == []
    assert status_of(instance, lost) == S.STARTED, "seen for the first time: it proves nothing"
    assert requested(Ticks(instance, looked_before()).tick()) == ["generator"]
    assert status_of(instance, lost) == S.FAILURE


def test_a_run_that_watches_stays_and_its_duplicate_is_cancelled(
    own: Settings, connection: Connection, instance: dg.DagsterInstance
) -> None:
    unwanted(connection, "spark_stream")
    watching = a_run(instance, S.NOT_STARTED, started_s_ago=100)
    attach(connection, watching, age_s=1)
    waiting = a_run(instance, S.NOT_STARTED)
    assert requested(Ticks(instance, looked_before()).tick()) == []
    assert status_of(instance, watching) == S.STARTED
    assert status_of(instance, waiting) == S.CANCELED


def test_no_run_is_requested_for_what_is_stopped_on_purpose(
    own: Settings, connection: Connection, instance: dg.DagsterInstance
) -> None:
    unwanted(connection, "spark_stream", "generator")
    result = Ticks(instance).tick()
    assert requested(result) == []
    assert "generator: unknown, wanted stopped" in str(result.skip_reason)


def test_assets_are_reported_when_there_is_something_new(
    own: Settings, database: PostgresSettings, connection: Connection, instance: dg.DagsterInstance
) -> None:
    rows = PlatformRows.over(own, database, connection, own.checkpoint_dir)
    unwanted(connection, "spark_stream", "generator")
    rows.well()
    rows.rejects("not_json", 3)
    ticks = Ticks(instance)
    first = {event.asset_key.to_user_string(): event.metadata for event in ticks.tick().asset_events}
    kpis = {"kpi_1m", "kpi_1m_by_currency", "kpi_1m_detail"}
    assert set(first) == {"events_raw", "events_clean", "events_rejected", *kpis}
    clean = first["events_clean"]
    assert clean["last batch"].value == 2
    assert clean["lag, records"].value == 0
    assert {"lag, seconds of event time", "records/s", "checkpoint, bytes", "checkpoint, age in s"} <= set(
        clean
    )
    assert first["events_rejected"]["by reason"].value == {"not_json": 3}

    assert ticks.tick().asset_events == [], "not due"
    connection.execute("UPDATE ops.service SET desired = 'running' WHERE name = 'generator'")
    assert ticks.tick().asset_events == [], "a change, but nothing new of the assets"
    rows.batch("events_clean", 3)
    assert ticks.tick().asset_events == [], "new, but not due"
    unwanted(connection, "generator")
    changed = {event.asset_key.to_user_string() for event in ticks.tick().asset_events}
    assert changed == {"events_raw", "events_clean", "events_rejected"}


def test_before_the_first_batch_the_tables_report_it_and_it_is_reported_at_once(
    own: Settings, database: PostgresSettings, connection: Connection, instance: dg.DagsterInstance
) -> None:
    rows = PlatformRows.over(own, database, connection, own.checkpoint_dir)
    tables = ["events_clean", "events_rejected", "kpi_1m_detail", "kpi_1m_by_currency", "kpi_1m"]
    unwanted(connection, "spark_stream", "generator")
    ticks = Ticks(instance)
    first = ticks.tick().asset_events
    assert [event.asset_key.to_user_string() for event in first] == ["events_raw", *tables]
    for event in first[1:]:
        assert event.metadata["last batch"].value == "none yet"
        assert event.metadata["stream is wanted"].value == "stopped"
    assert reported(ticks) == []
    rows.well()
    assert reported(ticks) == tables, "though not due"
    rows.batch("events_clean", 3)
    assert reported(ticks) == []


def reported(ticks: Ticks) -> list[str]:
    return [event.asset_key.to_user_string() for event in ticks.tick().asset_events]


def test_a_tick_without_the_database_reports_it(
    own: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    (closed_port,) = free_ports(1)
    monkeypatch.setenv("ORDERPULSE_POSTGRES__PORT", str(closed_port))
    result = Ticks(instance).any_tick()
    assert isinstance(result, dg.SkipReason)
    assert "the database does not answer" in str(result.skip_message)


def beating(generator: GeneratorResource, *, other_than: int | None = None) -> int:
    """Its pid, as soon as the process beats."""
    seen = [generator.status()]

    def is_beating() -> bool:
        seen.append(generator.status())
        fresh = (seen[-1].heartbeat_age_s or 0) < 1
        return seen[-1].beats and fresh and seen[-1].pid != other_than

    assert wait_until(is_beating, TIMEOUT_S), seen[-1]
    assert seen[-1].pid is not None
    return seen[-1].pid
