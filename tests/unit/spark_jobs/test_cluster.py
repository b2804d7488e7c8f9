"""What a job on a cluster is started with, where its secret goes, and when a batch is repeated."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from core.settings import Settings, load_settings
from spark_jobs.cluster import batch_settings, cluster_options, is_on_this_machine, secret_options
from spark_jobs.queries import RunningQuery
from spark_jobs.repeats import LIMIT, Repeats
from stack.servers import spark as spark_cluster

SECRET = "a-secret-of-32-bytes-at-the-very-least"
JARS = [Path("/jars/one.jar"), Path("/jars/two.jar")]


def with_stream(**stream: Any) -> Settings:
    return load_settings(stream=stream)


@pytest.mark.parametrize(
    ("master", "here"),
    [
        ("local[2]", True),
        ("spark://localhost:7077", True),
        ("spark://127.0.0.1:7077", True),
        ("spark://spark-master:7077", False),
        ("yarn", False),
    ],
)
def test_whether_executors_are_on_this_machine(master: str, here: bool) -> None:
    assert is_on_this_machine(master) is here


def test_a_local_master_takes_no_options_of_a_cluster() -> None:
    settings = with_stream(auth_secret=SECRET)
    assert cluster_options(settings, JARS, "") == {}
    assert secret_options(settings.stream) == {}


def test_the_secret_is_apart_from_what_stands_on_a_command_line() -> None:
    settings = with_stream(master="spark://localhost:7077", auth_secret=SECRET)
    options = cluster_options(settings, JARS, "-Xlog:disable")
    assert options["spark.authenticate"] == options["spark.io.encryption.enabled"] == "true"
    assert options["spark.network.crypto.saslFallback"] == "false"
    assert SECRET not in str(options)
    assert secret_options(settings.stream) == {"spark.authenticate.secret": SECRET}


def test_executors_elsewhere_get_the_jars_from_the_driver() -> None:
    paths = ("/jars/one.jar", "/jars/two.jar")
    here = cluster_options(with_stream(master="spark://localhost:7077"), JARS, "")
    there = cluster_options(with_stream(master="spark://other:7077", max_cores=6), JARS, "")
    assert here["spark.executor.extraClassPath"] == ":".join(paths)
    assert "spark.jars" not in here
    assert "spark.cores.max" not in here
    assert there["spark.jars"] == ",".join(paths)
    assert there["spark.cores.max"] == "6"


def test_the_batch_layer_does_not_wait_for_the_streams_cores() -> None:
    settings = with_stream(master="spark://localhost:7077")
    assert batch_settings(settings).stream.master == "local[2]"


def test_the_programs_of_the_cluster_are_given_no_setting_and_hide_the_secret(tmp_path: Path) -> None:
    settings = load_settings(stack={"data_dir": tmp_path}, stream={"auth_secret": SECRET})
    environment = spark_cluster.environment(settings, "worker_1")
    assert not any(name.startswith("ORDERPULSE_") for name in environment)
    assert [name for name, value in environment.items() if SECRET in value] == ["_SPARK_AUTH_SECRET"]
    commands = [spark_cluster.master_command(settings), spark_cluster.worker_command(settings, 1)]
    assert SECRET not in str(commands)
    written = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.properties")]
    assert len(written) == 2
    assert all("spark.authenticate true" in text and SECRET not in text for text in written)


def test_a_worker_begins_with_an_empty_scratch_folder(tmp_path: Path) -> None:
    settings = load_settings(stack={"data_dir": tmp_path})
    left = Path(spark_cluster.environment(settings, "worker_1")["SPARK_LOCAL_DIRS"]) / "blockmgr-1"
    left.mkdir(parents=True)
    spark_cluster.prepare_worker(settings, 1)
    assert not left.exists()
    assert left.parent.is_dir()


@dataclass
class Ended:
    """A query that has ended, and its sink's report."""

    query_name: str = "events_clean"
    recounted: bool = True
    has_committed: bool = False
    isActive: bool = False  # noqa: N815  # Spark's name

    def running(self) -> RunningQuery:
        return RunningQuery(cast(Any, self), cast(Any, self), self.running)


def test_a_query_that_counted_twice_is_started_again_until_it_happens_too_often() -> None:
    repeats, first = Repeats(), Ended().running()
    assert all(repeats.start_again(first) is not first for _ in range(LIMIT))
    assert repeats.start_again(first) is first


def test_a_committed_batch_ends_the_row_of_repeats() -> None:
    repeats = Repeats()
    for _ in range(LIMIT):
        repeats.start_again(Ended().running())
    after_a_commit = Ended(has_committed=True).running()
    assert repeats.start_again(after_a_commit) is not after_a_commit


@pytest.mark.parametrize("ended", [Ended(recounted=False), Ended(isActive=True)], ids=["failed", "active"])
def test_other_queries_are_left_alone(ended: Ended) -> None:
    running = ended.running()
    assert Repeats().start_again(running) is running
