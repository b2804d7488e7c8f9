"""Others use all connections of the database: each component reports it, loses nothing, and continues when one is free."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
import psycopg
import pyarrow as pa
import pytest
import structlog

from api.app import API_PREFIX, create_app
from core import postgres
from core.errors import DatabaseError
from core.settings import PostgresSettings, Settings
from orchestration.defs.quality.sensor import quality_sensor
from orchestration.defs.streaming.sensor import streaming_sensor
from orchestration.resources import KafkaResource, PostgresResource
from orchestration.services import GeneratorResource, SparkStreamResource
from spark_jobs.sink import events
from spark_jobs.sink.writer import BatchSink
from stack.host.waiting import wait_until
from stack.local.health import health
from tests.api_client import serving
from tests.connections import all_taken
from tests.integration.spark_jobs.test_sink import EVENTS, EXECUTION, QUERY, event
from tests.managed import export

Connection = psycopg.Connection[tuple[object, ...]]


def test_it_is_reported(settings: Settings, database: PostgresSettings) -> None:
    own = settings.model_copy(update={"postgres": database})
    with all_taken(database):
        with pytest.raises(
            DatabaseError, match=r"accepts no connections for now\. All its connections are in use"
        ):
            postgres.wait_until_reachable(database, 0.5)
        assert "All its connections are in use" in health(own, "postgres", None)
    postgres.wait_until_reachable(database, 10)
    assert health(own, "postgres", None) == "healthy"


def test_a_batch_waits_and_is_written_once(database: PostgresSettings, connection: Connection) -> None:
    no_spark: Any = None  # it collects; what is committed here is collected already
    sink = BatchSink(no_spark, "events_clean", database, events.PREPARE, events.write_events, retry_s=60)
    rows = pa.Table.from_pylist([event("a"), event("b")], EVENTS)
    with structlog.testing.capture_logs() as said, ThreadPoolExecutor(1) as pool:
        with all_taken(database):
            written = pool.submit(sink._commit_with_retry, QUERY, 0, rows, EXECUTION, 0.0)
            assert wait_until(lambda: sum(line["event"] == "batch.retry" for line in said) >= 2, 30)
            assert not written.done()
        written.result(60)
    sink._disconnect()
    assert any("connection" in str(line.get("error")) or "clients" in str(line.get("error")) for line in said)
    counts = "SELECT (SELECT count(*) FROM events_clean), (SELECT count(*) FROM ops.stream_batch)"
    assert connection.execute(counts.encode()).fetchone() == (2, 1)


def test_sensors_evaluate_nothing_and_do_nothing(
    settings: Settings, database: PostgresSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(monkeypatch, settings.model_copy(update={"postgres": database}))
    resources = {
        "postgres": PostgresResource(),
        "kafka": KafkaResource(),
        "generator": GeneratorResource(),
        "spark_stream": SparkStreamResource(),
    }
    with dg.DagsterInstance.ephemeral() as instance, all_taken(database):
        for sensor in (streaming_sensor, quality_sensor):
            needed = {name: resources[name] for name in sensor.required_resource_keys}
            result = sensor(dg.build_sensor_context(instance, cursor="", resources=needed))
            assert isinstance(result, dg.SkipReason), sensor.name
            assert "nothing can be judged" in str(result.skip_message)


def test_the_api_answers_503_and_then_200(settings: Settings, database: PostgresSettings) -> None:
    own = settings.model_copy(update={"postgres": database})
    with serving(create_app(own), base_path=API_PREFIX) as client:
        with all_taken(database):
            refused = client.get("/events")
            assert refused.status_code in (200, 503), "a connection that it held before is its own"
        assert wait_until(lambda: client.get("/events").status_code == 200, 60)
