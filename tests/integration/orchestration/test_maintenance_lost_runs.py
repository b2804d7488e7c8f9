"""Runs whose worker is killed: real worker processes, and an instance on a disk that outlives them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import defs
from orchestration.defs.maintenance.lost_runs import CHECKS_WITHOUT_LOCK, end_lost_runs, lost_run_sensor
from orchestration.manifest import ensure_manifest
from orchestration.worker import lives

S = dg.DagsterRunStatus
WORKER = """
import sys
from pathlib import Path
import dagster as dg
from orchestration.resources import PostgresResource

@dg.op
def work(postgres: PostgresResource) -> None:
    print("works", flush=True)
    sys.stdin.readline()

@dg.job(executor_def=dg.in_process_executor, resource_defs={"postgres": PostgresResource()})
def job() -> None:
    work()

with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    job.execute_in_process(instance=instance, run_id=sys.argv[2])
"""
RUNS = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002")
JOBS = frozenset({"job"})
SHOW_THE_WORKER = {"postgres", "kafka", "generator", "spark_stream", "dbt"}
"""Resources that do so."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def start(home: Path, run_id: str) -> subprocess.Popen[str]:
    """A worker that is about to work on its run, until it is told to continue."""
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(home), run_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def wait_works(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "works\n"


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus | None:
    run = instance.get_run_by_id(run_id)
    return run.status if run else None


def test_a_run_whose_worker_was_killed_fails_and_one_that_works_does_not(
    home: Path, instance: dg.DagsterInstance
) -> None:
    killed, works = (start(home, run_id) for run_id in RUNS)
    for process in (killed, works):
        wait_works(process)
    for _ in range(CHECKS_WITHOUT_LOCK + 1):
        assert end_lost_runs(instance, JOBS, {}) == ({}, [])
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert status(instance, RUNS[0]) is S.STARTED, "nobody has noticed"
    assert end_lost_runs(instance, frozenset({"other"}), {}) == ({}, []), "a run of another's job"

    _, done = end_lost_runs(instance, JOBS, {})
    assert done == [f"job (run {RUNS[0][:8]}): its worker is gone; marked as failed"]
    assert [status(instance, run_id) for run_id in RUNS] == [S.FAILURE, S.STARTED]
    said = [record.message for record in instance.all_logs(RUNS[0])]
    assert any("The process of this run is gone" in message for message in said)
    assert end_lost_runs(instance, JOBS, {}) == ({}, []), "once"

    assert works.communicate("continue\n")[0] == ""
    assert lives(instance, RUNS[1]) is False
    assert end_lost_runs(instance, JOBS, {}) == ({}, [])
    assert status(instance, RUNS[1]) is S.SUCCESS


def test_a_run_that_never_showed_a_worker_fails_after_some_looks(instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(job_def=_job(), status=S.STARTED)
    looks: dict[str, int] = {}
    for number in range(1, CHECKS_WITHOUT_LOCK):
        looks, done = end_lost_runs(instance, JOBS, looks)
        assert (looks, done) == ({run.run_id: number}, [])
    _, done = end_lost_runs(instance, JOBS, looks)
    assert len(done) == 1
    assert status(instance, run.run_id) is S.FAILURE


def _job() -> dg.JobDefinition:
    @dg.op
    def nothing() -> None: ...

    @dg.job
    def job() -> None:
        nothing()

    return job


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    ensure_manifest()
    return defs().get_repository_def()


def test_each_job_shows_its_worker_and_is_one_process(repository: dg.RepositoryDefinition) -> None:
    """Else a run that lives would be taken for one that is lost."""
    jobs = repository.get_all_jobs()
    assert len(jobs) > 10
    for job in jobs:
        assert set(job.required_resource_keys) & SHOW_THE_WORKER, job.name
        assert job.executor_def.name == "in_process", job.name


def test_the_sensor_checks_the_runs_of_its_own_jobs(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition
) -> None:
    def tick(cursor: str | None) -> dg.SensorResult:
        context = dg.build_sensor_context(instance, cursor=cursor, repository_def=repository)
        result = lost_run_sensor(context)
        assert isinstance(result, dg.SensorResult)
        return result

    ours = instance.create_run_for_job(job_def=repository.get_job("retention"), status=S.STARTED)
    attached = instance.create_run_for_job(job_def=repository.get_job("generator"), status=S.STARTED)
    others = instance.create_run_for_job(job_def=_job(), status=S.STARTED)
    cursor: str | None = "what an earlier version wrote"
    for _ in range(CHECKS_WITHOUT_LOCK):
        cursor = tick(cursor).cursor
    assert [status(instance, run.run_id) for run in (ours, attached, others)] == [
        S.FAILURE,
        S.STARTED,
        S.STARTED,
    ]
