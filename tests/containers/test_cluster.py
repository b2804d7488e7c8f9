"""The profile `cluster` in containers: three brokers, Spark's master with three workers, and a replica, to its first KPI row."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.conftest import Measured, deployment
from tests.containers.deployed import Deployed
from tests.containers.engine import Engine
from tests.containers.machine import tell
from tests.containers.test_default import FIRST_KPI, SERVICES

pytestmark = [pytest.mark.containers, pytest.mark.timeout(3600)]

OTHERS = (
    *("kafka-2", "kafka-3", "postgres-replica", "spark-master"),
    *("spark-worker-1", "spark-worker-2", "spark-worker-3"),
)
REPLICATES = "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'"
LAG = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), min(replay_lsn)) < 16000000 FROM pg_stat_replication"


@pytest.fixture(scope="module")
def cluster(built: Engine, folder: Path, figures: Measured) -> Iterator[Deployed]:
    """All of it, well, after its first KPI row."""
    found = deployment(built, folder, "orderpulse-cluster")
    found.init("cluster")
    tell("starting the profile cluster")
    started = time.monotonic()
    try:
        figures(f"profile cluster: all well after {found.up():.0f} s")
        found.wait_value(FIRST_KPI, timeout_s=600)
        figures(f"profile cluster: first KPI row after {time.monotonic() - started:.0f} s")
        yield found
    finally:
        found.remove()


def test_everything_is_healthy(cluster: Deployed, figures: Measured) -> None:
    assert cluster.services() == dict.fromkeys((*SERVICES, *OTHERS), "running/healthy")
    for service, memory in sorted(cluster.memory().items()):
        figures(f"cluster, memory of {service}: {memory}")


def test_the_replica_follows(cluster: Deployed) -> None:
    cluster.wait_value(REPLICATES)
    cluster.wait_value(LAG)


def test_spark_works_on_its_workers(cluster: Deployed) -> None:
    state = cluster.shell(
        "spark-master",
        "exec 3<> /dev/tcp/127.0.0.1/8080; printf 'GET /json/ HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
    )
    assert state.count('"state" : "ALIVE"') == 3
    assert '"status" : "ALIVE"' in state
    assert '"state" : "RUNNING"' in state, "the stream is a job there"


def test_only_brokers_reach_brokers_and_only_spark_reaches_spark(cluster: Deployed) -> None:
    brokers = {"kafka-1", "kafka-2", "kafka-3"}
    sparks = {name for name in OTHERS if name.startswith("spark")} | {"spark-stream"}
    for host, port, may in (
        ("kafka-2.brokers", 9094, brokers),
        ("spark-master.compute", 7077, sparks),
        ("postgres-replica", 5432, {"api", "postgres-replica"}),
    ):
        opens = f"timeout 3 bash -c ': < /dev/tcp/{host}/{port}' 2> /dev/null && echo open"
        can = {name for name in (*SERVICES, *OTHERS) if cluster.shell(name, opens) == "open"}
        assert can >= may
        assert can & {"proxy", "dbt-docs"} == set()
        assert host == "postgres-replica" or can == may


def test_the_dashboard_through_the_proxy(cluster: Deployed) -> None:
    with cluster.client(token=cluster.token("read")) as reader:
        assert reader.get("/api/v1/kpi").json()["current"]["totals"]["orders_created"] > 0
