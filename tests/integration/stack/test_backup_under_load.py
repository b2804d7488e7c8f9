"""The database is lost under load and comes back from a backup: every acknowledged event is there, once.

The short form is the real job over a broker, a database and a load of its own; the long one the whole platform,
whose database's files are deleted under it.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import psycopg
import pytest

from core import kafka, postgres
from core.settings import KafkaSettings, PostgresSettings, Settings
from core.topics import EVENTS_RAW
from database import migrate
from spark_jobs.queries import EVENTS_CLEAN_QUERY, KPI_1M_QUERY
from stack.backup.backups import backups_in
from stack.host.waiting import wait_until
from stack.servers.postgres import databases, server
from tests import truth
from tests.chaos.load import Load, event_id, records_in
from tests.e2e.platform import Platform, isolated_settings
from tests.streaming import LAST_OFFSETS, Stream

pytestmark = pytest.mark.timeout(600)

NAME = "test_backup"
RATE = 100
QUERIES = (EVENTS_CLEAN_QUERY, KPI_1M_QUERY)
UNACCOUNTED = """
    SELECT query_name, batch_id FROM ops.stream_batch WHERE records_read <>
        records_written + records_duplicate + records_rejected + records_dropped_by_watermark
"""
READ = "SELECT coalesce(sum(records_read), 0) FROM ops.stream_batch WHERE query_name = '{}'"
SETTLE_TIMEOUT_S = 120.0
SERVERS = "postgres,kafka"
STREAM = f"{SERVERS},spark_stream"


@pytest.fixture(scope="module")
def stream(
    settings: Settings, broker: KafkaSettings, postgres_server: PostgresSettings, data_dir: Path
) -> Iterator[Stream]:
    """A running job over a topic and a database of its own."""
    folder = data_dir / NAME
    folder.mkdir(mode=0o755)
    own = settings.model_copy(
        update={
            "kafka": broker.model_copy(update={"topic": NAME}),
            "postgres": postgres_server.model_copy(update={"database": NAME}),
            "stream": settings.stream.model_copy(update={"checkpoint_dir": folder / "checkpoints"}),
        }
    )
    kafka.create_topic(own.kafka, EVENTS_RAW, NAME)
    server.ensure_database(own)
    migrate(own.postgres)
    running = Stream(own, folder)
    with running.job:
        yield running


@pytest.fixture(scope="module")
def load(stream: Stream) -> Iterator[Load]:
    """Producers that know nothing of the database."""
    running = Load(stream.settings, stream.folder, RATE)
    running.start()
    try:
        yield running
    finally:
        running.end()


def read(stream: Stream, query: str) -> int:
    return int(stream.value(READ.format(query)) or 0)


def wait_read(stream: Stream, more: int) -> None:
    """Return once both queries have read so many records more."""
    wanted = {query: read(stream, query) + more for query in QUERIES}
    stream.wait(lambda: all(read(stream, query) >= least for query, least in wanted.items()))


def newest_backup(home: Path) -> Path:
    return backups_in(home)[0][0]


def check_all(settings: Settings, load: Load) -> None:
    """Invariants I1, I2 and I4 over all that is in Kafka; every query is at the topic's end."""
    records = records_in(settings.kafka)
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        rejected = {
            (partition, offset): reason
            for partition, offset, reason in connection.execute(
                'SELECT partition, "offset", reason FROM ops.events_rejected'
            )
        }
        accepted = {
            event_id(message): orjson.loads(message.value() or b"")
            for place, message in records.items()
            if place not in rejected
        }
        truth.check_events(connection, accepted.values())
        truth.check_kpis(connection, accepted.values())
        truth.check_tables_agree(connection)
        assert truth.ledger(connection, EVENTS_CLEAN_QUERY).read == len(records), "each record once"
        assert truth.ledger(connection, KPI_1M_QUERY).read >= len(records)
        assert connection.execute(truth.GAPS_QUERY.encode()).fetchall() == []
        assert connection.execute(UNACCOUNTED.encode()).fetchall() == []
    acknowledged = load.acknowledged()
    assert acknowledged.keys() <= records.keys(), "what was acknowledged is in Kafka"
    intended = {place: line.reason for place, line in acknowledged.items() if line.reason is not None}
    assert {place: reason for place, reason in rejected.items() if place in acknowledged} == intended
    assert {line.event_id for line in acknowledged.values() if line.reason is None} <= accepted.keys()


@pytest.mark.slow
def test_a_database_that_is_dropped_under_load_comes_back_with_every_event_once(
    stream: Stream, load: Load, measured: Callable[[str], None]
) -> None:
    command, home = Platform(stream.settings).command, stream.folder / "backups"
    stream.wait_logged("stream.started")
    wait_read(stream, 2 * RATE)
    began = time.monotonic()
    command("backup", "--dir", str(home))
    measured(f"backup under load: {time.monotonic() - began:.1f} s")
    wait_read(stream, 2 * RATE)
    backup = str(newest_backup(home))
    assert "spark_stream must not run" in command("restore", backup, "--yes", expect=1)
    lost = time.time()
    with databases.administration(stream.settings) as connection:
        databases.drop(connection, NAME)
    stream.wait_logged("batch.retry")
    stream.kill()
    began = time.monotonic()
    assert "Restored." in command("restore", backup, "--yes", "--no-views")
    measured(f"restore: {time.monotonic() - began:.1f} s")
    stream.job.start()
    stream.wait_logged("stream.started", times=2)
    newest = (
        f"SELECT count(DISTINCT query_name) FROM ops.stream_batch WHERE max_event_time > to_timestamp({lost})"
    )
    stream.wait(lambda: stream.value(newest) == 2)
    measured(f"restore and start: new events in both tables {time.time() - lost:.1f} s after the loss")
    load.stop()
    stream.wait_consumed()
    check_all(stream.settings, load)


@pytest.mark.slow
def test_a_database_that_came_back_by_other_means_leaves_no_gap(stream: Stream, load: Load) -> None:
    """Its checkpoints are ahead of it, as after a restore by a provider: nobody told the job."""
    command, home = Platform(stream.settings).command, stream.folder / "backups"
    checkpoints = stream.settings.checkpoint_dir
    load.end()
    load.start()
    wait_read(stream, RATE)
    command("backup", "--dir", str(home))
    wait_read(stream, RATE)
    assert stream.job.stop() == 0
    saved = shutil.copytree(checkpoints, stream.folder / "saved")
    command("restore", str(newest_backup(home)), "--yes", "--no-views")
    shutil.rmtree(checkpoints)
    saved.rename(checkpoints)
    stream.job.start()
    stream.wait_logged("checkpoint.ahead", times=2)
    load.stop()
    stream.wait_consumed()
    check_all(stream.settings, load)
    assert stream.job.stop() == 0


@pytest.fixture
def own_platform(jars: None) -> Iterator[Platform]:
    """A platform that may be broken; without what only looks at the data."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-backup-"))
    folder.chmod(0o755)
    platform = Platform(isolated_settings(folder, {}))
    try:
        platform.command("up", "--only", STREAM)
        yield platform
    finally:
        platform.command("down")
        shutil.rmtree(folder)


@pytest.mark.slow
def test_the_files_of_the_database_are_deleted_under_the_platform(
    own_platform: Platform, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    """A restore on the servers alone, as documented: roles and users are recreated with them."""
    settings, command = own_platform.settings, own_platform.command
    load = Load(settings, tmp_path, RATE)
    load.start()
    try:
        load.wait_for(10 * RATE)
        command("backup", "--dir", str(tmp_path / "backups"))
        load.wait_for(5 * RATE)
        lost = time.time()
        shutil.rmtree(server.cluster_home(settings))
        postgres_pid = own_platform.pids()["postgres"]
        assert postgres_pid is not None
        os.kill(postgres_pid, signal.SIGKILL)
        command("down")
        command("up", "--only", SERVERS)
        command("restore", str(newest_backup(tmp_path / "backups")), "--yes")
        command("up", "--only", STREAM)
        measured(f"files deleted: the stream is well again {time.time() - lost:.0f} s after the loss")
        load.wait_for(RATE)
        load.stop()
        ends = kafka.end_offsets(settings.kafka, settings.kafka.topic)
        wanted = [{str(partition): end for partition, end in ends.items()}] * 2
        assert wait_until(lambda: offsets(settings) == wanted, SETTLE_TIMEOUT_S), offsets(settings)
        check_all(settings, load)
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            assert connection.execute("SELECT 1 FROM v_kpi_24h").fetchall() != [], "the views are there"
    finally:
        load.end()


def offsets(settings: Settings) -> list[dict[str, int]]:
    """Where each query is; nothing while the database is away."""
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            return [row[0] for row in connection.execute(LAST_OFFSETS)]
    except psycopg.OperationalError:
        return []
