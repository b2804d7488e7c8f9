"""The stream on a Spark cluster: the same results as on one machine, whoever is killed, and no strangers.

The cluster has a secret and encrypts, and each batch is divided among two executors, which is the harder case
in both respects. The tests go through one life of it in order.
"""

import json
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import psutil
import pytest
from pydantic import SecretStr

from core import kafka
from core.events import STORED_PAYLOAD_BYTES
from core.settings import KafkaSettings, PostgresSettings, Settings
from core.topics import EVENTS_RAW
from database import migrate
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from stack.servers.postgres import server
from tests import truth
from tests.cluster.spark import MASTER, SparkCluster, cluster_settings, running_cluster
from tests.corpus import RECORDS
from tests.corpus.records import VALID
from tests.processes import Started
from tests.streaming import Stream, make_event

pytestmark = pytest.mark.timeout(600)

TOPIC = "test_cluster_spark"
SECRET = secrets.token_urlsafe(32)
TERM = signal.SIGTERM
COUNT = "SELECT count(*) FROM events_clean"
REFUSED = "Failed to connect to master"
RECOVERY_LIMIT_S = 60
COMMITTED_SINCE = """
    SELECT count(DISTINCT query_name) FROM ops.stream_batch WHERE max_event_time > to_timestamp({since})
"""
REJECTED = 'SELECT partition, "offset", payload, reason FROM ops.events_rejected'
TABLES = (
    "SELECT id, event_time, event_type, order_id, user_id, amount, currency, status FROM events_clean ORDER BY id",
    'SELECT partition, "offset", kafka_time, reason, detail, payload FROM ops.events_rejected ORDER BY 1, 2',
    truth.KPIS_QUERY + " ORDER BY 1, 2",
    truth.TOTALS_QUERY + " ORDER BY 1",
)


@pytest.fixture(scope="module")
def random() -> Random:
    return Random(20260401)


@pytest.fixture(scope="module")
def cluster(settings: Settings, data_dir: Path, jars: None) -> Iterator[SparkCluster]:
    """Master and two workers that share a secret."""
    folder = data_dir / "spark_cluster"
    folder.mkdir()
    with running_cluster(cluster_settings(settings, folder, SECRET)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def stream(
    cluster: SparkCluster, settings: Settings, broker: KafkaSettings, postgres_server: PostgresSettings
) -> Iterator[Stream]:
    """A job on the cluster, whose topic already held a backlog when it started."""
    kafka.create_topic(broker, EVENTS_RAW, TOPIC)
    running = job_of(cluster.settings, settings, TOPIC)
    with running.job:
        yield running


def job_of(own: Settings, servers: Settings, topic: str) -> Stream:
    """A job with the settings `own`, and a new database named like its folder."""
    folder = own.checkpoint_dir.parent
    database = servers.postgres.model_copy(update={"database": folder.name})
    server.ensure_database(servers.model_copy(update={"postgres": database}))
    migrate(database)
    source = servers.kafka.model_copy(update={"topic": topic})
    return Stream(own.model_copy(update={"kafka": source, "postgres": database}), folder)


def tables(stream: Stream) -> list[list[tuple[Any, ...]]]:
    """All that is not about when it was written."""
    return [stream.rows(query) for query in TABLES]


def executors(cluster: SparkCluster) -> list[psutil.Process]:
    """The executors' JVMs, which the workers started."""
    workers = [psutil.Process(cluster.programs[name].pid) for name in cluster.programs if name != MASTER]
    return [child for worker in workers if worker.is_running() for child in worker.children()]


def check_all(stream: Stream) -> None:
    """Every record is accounted for once (I1), and the KPIs are those of the events (I2)."""
    stream.wait_consumed()
    with stream.connect() as connection:
        truth.check_ledger(connection, len(stream.records))
        assert truth.all_differing_windows(connection) == []


def test_every_record_gets_the_contracts_verdict(stream: Stream, random: Random) -> None:
    """What `tests.integration.spark_jobs.test_stream` demands of the job on one machine, and by the same measure."""
    now = datetime.now(UTC)
    rejected = [(record.payload(now), record.reason) for record in RECORDS if record.reason is not None]
    sent = dict(zip(stream.send([payload for payload, _ in rejected], partition=0), rejected, strict=True))
    events = [make_event(random, age=timedelta(minutes=1) * random.random()) for _ in range(1500)]
    stream.send_events(events + random.sample(events, 100))
    check_all(stream)
    stream.send_events(random.sample(events, 50) + [make_event(random) for _ in range(50)])
    check_all(stream)
    with stream.connect() as connection:
        truth.check_events(connection, stream.events.values())
        truth.check_kpis(connection, stream.events.values())
    found = {(row[0], row[1]): (row[2], row[3]) for row in stream.rows(REJECTED)}
    assert found == {
        (place.partition, place.offset): (payload and payload[:STORED_PAYLOAD_BYTES], reason)
        for place, (payload, reason) in sent.items()
    }


@pytest.mark.slow
def test_the_tables_are_those_of_a_job_on_one_machine(
    stream: Stream, settings: Settings, data_dir: Path, random: Random
) -> None:
    """Both read the same topic, which holds the whole corpus too; what is compared is all but times of writing.

    The records of the corpus share an id. Which of them is kept depends on the batches, so here each has its own.
    """
    now = datetime.now(UTC)
    shared = json.loads(VALID["id"]).encode()
    payloads = [record.payload(now) for record in RECORDS]
    stream.send([each and each.replace(shared, str(uuid4()).encode()) for each in payloads], partition=1)
    stream.send_events([make_event(random) for _ in range(500)])
    folder = data_dir / "spark_alone"
    folder.mkdir()
    checkpoints = settings.stream.model_copy(update={"checkpoint_dir": folder / "checkpoints"})
    alone = job_of(settings.model_copy(update={"stream": checkpoints}), settings, TOPIC)
    alone.records = stream.records
    with alone.job:
        check_all(alone)
    check_all(stream)
    assert tables(stream) == tables(alone)


def test_both_executors_work_and_know_no_password(stream: Stream, cluster: SparkCluster) -> None:
    working = executors(cluster)
    assert len(working) == 2
    for executor in working:
        assert executor.cpu_times().user > 1
        assert not any(name.startswith("ORDERPULSE_") for name in executor.environ())


def test_the_secret_is_on_no_command_line_and_in_no_file(stream: Stream, cluster: SparkCluster) -> None:
    for process in psutil.process_iter(["cmdline"]):
        assert not any(SECRET in part for part in process.info["cmdline"] or ()), process
    for path in cluster.settings.data_dir.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_a_worker_that_is_killed_under_load_costs_nothing_but_time(
    stream: Stream, cluster: SparkCluster, random: Random, measured: Callable[[str], None]
) -> None:
    before = stream.value(COUNT)
    stream.send_events([make_event(random) for _ in range(10_000)])
    stream.wait(lambda: stream.value(COUNT) > before)
    stream.send_events([make_event(random) for _ in range(10_000)])
    cluster.programs["spark_worker_1"].kill()
    killed = time.time()
    stream.send_events([make_event(random) for _ in range(2_000)])
    stream.wait(lambda: stream.value(COMMITTED_SINCE.format(since=killed)) == 2)
    recovery_s = time.time() - killed
    measured(f"spark worker and executor: new events in both tables {recovery_s:.1f} s after the kill")
    assert recovery_s < RECOVERY_LIMIT_S
    check_all(stream)
    measured(f"batches repeated, because a part of them was counted twice: {stream.logged('batch.repeated')}")
    assert stream.logged("stream.started") == 1, "the same job all along"
    cluster.restart("spark_worker_1")
    assert wait_until(lambda: set(cluster.apps().values()) == {2}, RECOVERY_LIMIT_S), cluster.apps()


@pytest.mark.slow
def test_a_master_that_is_killed_neither_ends_the_job_nor_forgets_it(
    stream: Stream, cluster: SparkCluster, random: Random
) -> None:
    (job,) = cluster.apps()
    cluster.programs[MASTER].kill()
    stream.send_events([make_event(random) for _ in range(200)])
    stream.wait_consumed()
    cluster.restart(MASTER)
    assert wait_until(lambda: cluster.apps() == {job: 2}, RECOVERY_LIMIT_S), cluster.apps()
    stream.send_events([make_event(random) for _ in range(200)])
    check_all(stream)
    assert stream.logged("stream.started") == 1, "the same job all along"


def test_a_worker_with_another_secret_is_refused(
    stream: Stream, cluster: SparkCluster, tmp_path: Path
) -> None:
    (page,) = free_ports(1)
    own = stranger(cluster.settings, tmp_path, SecretStr("not the secret of this cluster"), page)
    with Started(own, "spark_worker_1", tmp_path, TERM) as worker:
        worker.wait(lambda: REFUSED in worker.log.read_text())
    assert str(page) not in cluster.worker_ports()
    assert len(cluster.worker_ports()) == 2


def test_a_job_without_the_secret_is_refused(stream: Stream, cluster: SparkCluster, tmp_path: Path) -> None:
    (page,) = free_ports(1)
    own = stranger(stream.settings, tmp_path, None, page)
    before = cluster.apps()
    job = Started(own, "spark_stream", tmp_path, TERM)
    job.start()
    try:
        job.wait(lambda: REFUSED in job.log.read_text())
    finally:
        job.kill()
    assert cluster.apps() == before


def stranger(settings: Settings, folder: Path, secret: SecretStr | None, page: int) -> Settings:
    """Settings of a process that would join the cluster, with all it writes below `folder`."""
    joined = {"auth_secret": secret, "checkpoint_dir": folder / "checkpoints"}
    return settings.model_copy(
        update={
            "cluster": settings.cluster.model_copy(update={"spark_worker_1_ui_port": page}),
            "stack": settings.stack.model_copy(update={"data_dir": folder}),
            "stream": settings.stream.model_copy(update=joined),
        }
    )
