"""A cut-off commit file stops the real stream, and the job `reset_checkpoint` is the way out."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import dagster as dg
import pytest

from control.checkpoint_logs import read_checkpoint
from core import kafka
from core.settings import KafkaSettings, PostgresSettings, Settings
from core.topics import EVENTS_RAW
from database import migrate
from orchestration.defs.maintenance.reset import reset_checkpoint
from orchestration.resources import PostgresResource
from orchestration.services import SparkStreamResource
from stack.host.environment import settings_as_environment
from stack.servers.postgres import server
from tests import truth
from tests.streaming import Stream, make_event

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

NAME = "test_reset_checkpoint"


@pytest.fixture(scope="module")
def stream(
    settings: Settings, broker: KafkaSettings, postgres_server: PostgresSettings, data_dir: Path
) -> Iterator[Stream]:
    """A job that runs, over a topic and a database of its own."""
    folder = data_dir / NAME
    folder.mkdir(mode=0o755)
    own = settings.model_copy(
        update={
            "kafka": broker.model_copy(update={"topic": NAME}),
            "postgres": postgres_server.model_copy(update={"database": NAME}),
            "stack": settings.stack.model_copy(update={"data_dir": folder}),
            "stream": settings.stream.model_copy(update={"checkpoint_dir": folder / "checkpoints"}),
        }
    )
    server.ensure_database(settings.model_copy(update={"postgres": own.postgres}))
    migrate(own.postgres)
    kafka.create_topic(broker, EVENTS_RAW, NAME)
    running = Stream(own, folder)
    with running.job:
        yield running


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def environment(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings_as_environment(stream.settings).items():
        monkeypatch.setenv(name, value)


def reset(instance: dg.DagsterInstance, query: str, *, keep_offsets: bool) -> dg.ExecuteInProcessResult:
    config = {"query": query, "keep_offsets": keep_offsets}
    return reset_checkpoint.execute_in_process(
        run_config={"ops": {"reset": {"config": config}}},
        resources={"postgres": PostgresResource(), "spark_stream": SparkStreamResource()},
        instance=instance,
        raise_on_error=False,
    )


def why(result: dg.ExecuteInProcessResult) -> str:
    """The error of the run's failure."""
    assert not result.success
    (failure,) = (event for event in result.all_events if event.is_step_failure)
    details = failure.step_failure_data.user_failure_data
    assert details is not None, "our own failure, not an accident"
    return str(details.description)


def want(stream: Stream, desired: str) -> None:
    with stream.connect() as connection:
        connection.execute("UPDATE ops.service SET desired = %s WHERE name = 'spark_stream'", (desired,))


@pytest.mark.usefixtures("environment")
def test_a_torn_commit_stops_the_stream_and_a_reset_lets_it_continue_exactly(
    stream: Stream, instance: dg.DagsterInstance
) -> None:
    random = Random(20260303)
    for _ in range(3):
        stream.send_events([make_event(random) for _ in range(40)])
        stream.wait_consumed()
    assert "Run the job stop_spark_stream first" in why(reset(instance, "both", keep_offsets=True))
    want(stream, "stopped")
    assert "A Spark driver (pid " in why(reset(instance, "both", keep_offsets=True)), "it runs all the same"
    stream.job.stop()
    assert "there is nothing to set aside" in why(reset(instance, "both", keep_offsets=True))

    torn = [cut_newest_commit(stream, query) for query in ("events_clean", "kpi_1m")]
    stream.send_events([make_event(random) for _ in range(40)])
    stream.job.start()
    assert stream.wait_exit(120) == 1
    failure = [line for line in stream.job.log.read_text().splitlines() if "stream.failed" in line][-1]
    assert "/commits/2" in failure, "it names the file"

    result = reset(instance, "both", keep_offsets=True)
    assert result.success
    assert not any(path.exists() for path in torn)
    stream.job.start()
    stream.wait_consumed()
    with stream.connect() as connection:
        truth.check_events(connection, stream.events.values())
        truth.check_kpis(connection, stream.events.values())
        truth.check_ledger(connection, len(stream.records))


@pytest.mark.usefixtures("environment")
def test_a_new_checkpoint_reads_all_again_and_counts_nothing_twice(
    stream: Stream, instance: dg.DagsterInstance
) -> None:
    want(stream, "stopped")
    stream.job.stop()
    assert reset(instance, "both", keep_offsets=False).success
    folders = sorted(path.name for path in stream.settings.checkpoint_dir.iterdir() if path.is_dir())
    aside = [name for name in folders if not name.endswith(".torn")]
    assert [name.partition(".")[0] for name in aside] == ["events_clean", "kpi_1m"]
    assert all("." in name for name in aside), "renamed, with the time"
    stream.job.start()
    stream.wait(lambda: stream.value("SELECT count(DISTINCT query_id) FROM ops.stream_batch") == 4)
    stream.wait_consumed()
    with stream.connect() as connection:
        truth.check_events(connection, stream.events.values())
        truth.check_kpis(connection, stream.events.values())


def cut_newest_commit(stream: Stream, query: str) -> Path:
    """Cut the newest commit file in half, as a full disk or a power cut may."""
    checkpoint = read_checkpoint(stream.settings.checkpoint_dir / query)
    assert checkpoint is not None
    path = checkpoint.folder / "commits" / str(checkpoint.commits.newest)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path
