"""The streaming job when its database goes away, and when Spark drops what the rules accepted.

The server is the tests' own, so that they may kill it, and the topic takes its times from the
producer, so that a backlog can be older than Kafka's clock would let it be.
"""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import psutil
import pytest
from confluent_kafka.admin import NewTopic

from core import kafka
from core.settings import KafkaSettings, Settings
from core.topics import EVENTS_RAW
from database import migrate
from spark_jobs.queries import EVENTS_CLEAN_QUERY, KPI_1M_QUERY
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from stack.servers.postgres import server
from tests import truth
from tests.processes import Started
from tests.streaming import Stream, make_event

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NAME = "test_spark_faults"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def random() -> Random:
    return Random(20260302)


@pytest.fixture(scope="module")
def database_server(settings: Settings, data_dir: Path) -> Iterator[Started]:
    """A server of this module's own, with the database."""
    (port,) = free_ports(1)
    folder = data_dir / NAME
    folder.mkdir(mode=0o755)
    own = settings.model_copy(
        update={
            "postgres": settings.postgres.model_copy(update={"port": port, "database": NAME}),
            "stack": settings.stack.model_copy(update={"data_dir": folder}),
        }
    )
    with Started(own, "postgres", folder, signal.SIGINT) as started:
        started.wait(lambda: server.accepts(own))
        server.ensure_database(own)
        migrate(own.postgres)
        yield started


@pytest.fixture(scope="module")
def stream(database_server: Started, broker: KafkaSettings, data_dir: Path) -> Iterator[Stream]:
    """A running job with a small heap, which gives its database 20 seconds to come back."""
    settings = database_server.settings
    checkpoints = settings.data_dir / "checkpoints"
    stream = settings.stream.model_copy(
        update={"checkpoint_dir": checkpoints, "sink_retry_s": 20.0, "driver_memory": "768m"}
    )
    own = settings.model_copy(update={"kafka": broker.model_copy(update={"topic": NAME}), "stream": stream})
    config = {**EVENTS_RAW.config(), "message.timestamp.type": "CreateTime"}
    client = kafka.admin_client(broker)
    client.create_topics([NewTopic(NAME, EVENTS_RAW.partitions, 1, config=config)])[NAME].result()
    running = Stream(own, settings.data_dir)
    with running.job:
        yield running


def check_tables(stream: Stream) -> None:
    with stream.connect() as connection:
        truth.check_events(connection, stream.events.values())
        truth.check_kpis(connection, stream.events.values())


def test_what_the_watermark_dropped_of_an_uneven_backlog_is_healed(stream: Stream, random: Random) -> None:
    """One partition is read to the end before another, whose records Kafka took ten minutes earlier."""
    for _ in range(2):
        stream.send_events([make_event(random) for _ in range(5)], partition=1)
        stream.wait_consumed()
    then = datetime.now(UTC) - 10 * MINUTE
    backlog = [make_event(random, now=then) for _ in range(40)]
    stream.send_events(backlog, partition=0, kafka_time=then)
    stream.wait_consumed()
    with stream.connect() as connection:
        for name in (EVENTS_CLEAN_QUERY, KPI_1M_QUERY):
            sums = truth.ledger(connection, name)
            assert sums == truth.Ledger(read=50, written=10, duplicate=0, rejected=0, dropped=40), name
    lost = (
        "SELECT count(*) FROM ops.stream_batch WHERE records_dropped_by_watermark > 0 AND healed_at IS NULL"
    )
    assert stream.value(lost) == 2
    stream.wait(lambda: stream.value(lost) == 0)
    check_tables(stream)
    assert stream.logged("batch.healed") == 2


def test_records_that_are_larger_than_the_heap_together_end_nothing(stream: Stream, random: Random) -> None:
    """800 rejected records and 200 events, each a few hundred bytes on the wire: 920 MB, read by both queries."""
    stream.wait(lambda: stream.logged("stream.started") > 0)
    started, now = stream.logged("stream.started"), datetime.now(UTC)
    stream.send([b"x" * 900_000] * 800, kafka_time=now)
    events = [make_event(random, now=now) | {"note": "x" * 1_000_000} for _ in range(200)]
    stream.send_events(events, kafka_time=now)
    stream.wait_consumed()
    check_tables(stream)
    kept = "SELECT count(*) FROM ops.events_rejected WHERE payload_bytes = 900000 AND octet_length(payload) = 4096"
    assert stream.value(kept) == 800
    assert stream.logged("stream.started") == started, "the same job all along"


def test_a_record_that_is_larger_than_the_heap_is_read_with_a_larger_one(stream: Stream) -> None:
    """A few kB on the wire; its values, in two queries, take more than the heap of this job."""
    stream.send([b"x" * 290_000_000], partition=0, kafka_time=datetime.now(UTC))
    assert stream.wait_exit() == 1
    stream.job.start()
    stream.wait_consumed()
    check_tables(stream)
    assert stream.logged("heap.exhausted") == 1
    kept = "SELECT reason FROM ops.events_rejected WHERE payload_bytes = 290000000"
    assert stream.value(kept) == "too_large"
    assert stream.job.stop() == 0
    stream.job.start()
    assert not (stream.settings.checkpoint_dir / "heap_exhausted").exists(), "the usual heap again"


def test_a_database_killed_in_mid_batch_comes_back_and_nothing_is_lost_or_doubled(
    stream: Stream, database_server: Started, random: Random
) -> None:
    stream.send_events([make_event(random)])
    stream.wait_consumed()  # a job that starts without a database ends at once
    stream.send_events([make_event(random) for _ in range(3000)])
    kill(database_server)
    stream.send_events([make_event(random) for _ in range(500)])
    started = stream.logged("stream.started")
    stream.wait_logged("batch.retry")
    database_server.start()
    database_server.wait(lambda: server.accepts(database_server.settings))
    stream.wait_consumed()
    check_tables(stream)
    assert stream.logged("stream.started") == started, "the same job all along"


def test_a_database_that_stays_away_ends_the_job_with_a_reason(
    stream: Stream, database_server: Started, random: Random
) -> None:
    stream.send_events([make_event(random)])
    stream.wait_consumed()  # as above
    kill(database_server)
    stream.send_events([make_event(random) for _ in range(10)])
    assert stream.wait_exit() == 1
    failure = [line for line in stream.job.log.read_text().splitlines() if "stream.failed" in line][-1]
    assert "could not be written" in failure
    assert "Nothing of it was committed" in failure
    assert "Traceback" not in failure


def kill(started: Started) -> None:
    """`kill -9` of the postmaster; its backends, each in a session of its own, see it and end."""
    family = psutil.Process(started.pid).children(recursive=True)
    started.kill()
    assert wait_until(lambda: not any(process.is_running() for process in family), 30), family
