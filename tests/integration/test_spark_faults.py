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
from stack import postgres_server as server
from stack.ports import free_ports
from stack.waiting import wait_until
from tests import truth
from tests.processes import Started
from tests.streaming import Stream, make_event

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

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
    """A running job that gives its database 20 seconds to come back."""
    settings = database_server.settings
    checkpoints = settings.data_dir / "checkpoints"
    stream = settings.stream.model_copy(update={"checkpoint_dir": checkpoints, "sink_retry_s": 20.0})
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


def test_a_database_killed_in_mid_batch_comes_back_and_nothing_is_lost_or_doubled(
    stream: Stream, database_server: Started, random: Random
) -> None:
    stream.send_events([make_event(random)])
    stream.wait_consumed()  # a job that starts without a database ends at once
    stream.send_events([make_event(random) for _ in range(3000)])
    kill(database_server)
    stream.send_events([make_event(random) for _ in range(500)])
    stream.wait_logged("batch.retry")
    database_server.start()
    database_server.wait(lambda: server.accepts(database_server.settings))
    stream.wait_consumed()
    check_tables(stream)
    assert stream.logged("stream.started") == 1, "the same job all along"


def test_a_database_that_stays_away_ends_the_job_in_words(
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
