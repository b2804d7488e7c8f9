"""A service in a container of its own: the real generator below its runner, asked through Dagster's handle."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from core.errors import StackError
from core.settings import KafkaSettings, PostgresSettings, Settings
from orchestration.services import GeneratorResource, ServiceStatus
from stack.deploy.serve import Runner
from stack.host.environment import child_environment
from stack.host.waiting import wait_until
from tests.managed import export, own_settings

TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 60.0


@contextmanager
def runner_of(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`orderpulse serve generator`, ended with its process."""
    with log.open("ab") as output:
        runner = subprocess.Popen(
            [sys.executable, "-m", "stack", "serve", "generator"],
            env=child_environment(settings),
            cwd=settings.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield runner
    finally:
        runner.terminate()
        runner.wait(STOP_TIMEOUT_S)


@pytest.fixture
def served(
    settings: Settings,
    database: PostgresSettings,
    broker: KafkaSettings,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Settings]:
    """Settings of a platform whose services have runners of their own."""
    with tempfile.TemporaryDirectory(prefix="orderpulse-") as folder:
        own = own_settings(settings, database, broker, topic, Path(folder))
        dagster = own.dagster.model_copy(update={"process_host": "services"})
        own = own.model_copy(update={"dagster": dagster})
        export(monkeypatch, own)
        yield own


def well(generator: GeneratorResource, *, other_than: int | None = None) -> ServiceStatus:
    """Its status, as soon as the process runs and beats."""
    seen = [generator.status()]

    def is_well() -> bool:
        seen.append(generator.status())
        return seen[-1].state == "running" and seen[-1].beats and seen[-1].pid != other_than

    assert wait_until(is_well, TIMEOUT_S), seen[-1]
    return seen[-1]


def check(settings: Settings) -> tuple[int, str]:
    """Exit code and words of the container's health check."""
    answer = subprocess.run(
        [settings.root / "deploy" / "healthy", "verdict", "generator"],
        env=child_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stdout.strip()


def test_it_obeys_the_database(served: Settings, tmp_path: Path) -> None:
    generator = GeneratorResource()
    with pytest.raises(StackError, match="orderpulse serve generator"):
        generator.start("nobody is there to hear it")
    assert generator.status().state == "unknown"

    with runner_of(served, tmp_path / "log") as runner:
        first = well(generator)
        assert first.restarts == ()
        assert wait_until(lambda: check(served) == (0, "healthy"), TIMEOUT_S), check(served)
        assert first.pid is not None
        assert psutil.Process(first.pid).ppid() == runner.pid

        generator.set_rate(70)
        assert wait_until(lambda: generator.status().progress.get("rate_wanted") == 70, TIMEOUT_S)

        generator.restart("new settings")
        assert not psutil.pid_exists(first.pid)
        second = well(generator, other_than=first.pid)
        assert (second.reason, second.restarts) == ("new settings", ())

        assert second.pid is not None
        os.kill(second.pid, signal.SIGKILL)
        third = well(generator, other_than=second.pid)
        assert len(third.restarts) == 1, "nobody asked for that one"

        assert third.pid is not None
        os.kill(third.pid, signal.SIGSTOP)
        generator.kill(second.pid)
        assert psutil.Process(third.pid).status() == psutil.STATUS_STOPPED, "another process than was meant"
        generator.kill(third.pid)
        fourth = well(generator, other_than=third.pid)
        assert len(fourth.restarts) == 2

        generator.stop("enough")
        status = generator.status()
        assert (status.desired, status.state, status.pid, status.restarts) == ("stopped", "stopped", None, ())
        assert wait_until(lambda: check(served) == (0, "healthy"), TIMEOUT_S), "as it is wanted"
        assert runner.poll() is None, "the container keeps running"

        generator.start("again")
        well(generator)
    assert runner.returncode == 0
    assert generator.status().state == "stopped"


def test_a_runner_that_is_killed_takes_its_process_along_and_the_next_one_counts_that(
    served: Settings, tmp_path: Path
) -> None:
    generator = GeneratorResource()
    with runner_of(served, tmp_path / "log") as runner:
        first = well(generator).pid
        assert first is not None
        runner.kill()
        runner.wait()
        assert wait_until(lambda: not psutil.pid_exists(first), TIMEOUT_S), "it would outlive its container"
    with runner_of(served, tmp_path / "log") as runner:
        assert len(well(generator, other_than=first).restarts) == 1


def test_what_cannot_start_is_tried_forever_with_growing_pauses_until_it_is_repaired(
    served: Settings,
) -> None:
    """A user's start ends the delay; the next failure counts from one again."""
    generator = GeneratorResource()
    unfit = served.model_copy(update={"generator": served.generator.model_copy(update={"rate": -1.0})})
    runner = Runner(unfit, "generator")
    pauses = []
    try:
        for failures in (1, 2, 3):
            began = time.monotonic()
            assert wait_until(partial(_has_failed, runner, generator, failures), TIMEOUT_S)
            pauses.append(time.monotonic() - began)
        assert pauses[2] > 1.0, "the pause after the second failure"
        assert check(unfit)[1] == "backoff: failed 3 times in a row, waiting before the next start"
        assert generator.status().desired == "running"
        generator.start("repaired")
        assert wait_until(partial(_has_failed, runner, generator, 1), TIMEOUT_S)
        generator.stop("enough", wait=False)
        assert wait_until(lambda: _ticked(runner, generator).state == "stopped", TIMEOUT_S)
        assert generator.status().failures == 0
    finally:
        runner.end()
        assert wait_until(lambda: _ticked(runner, generator) is not None and runner.has_ended, TIMEOUT_S)


def _has_failed(runner: Runner, generator: GeneratorResource, failures: int) -> bool:
    return _ticked(runner, generator).failures == failures


def _ticked(runner: Runner, generator: GeneratorResource) -> ServiceStatus:
    if not runner.has_ended:
        runner.tick()
    return generator.status()


@pytest.mark.slow
def test_kills_after_progress_do_not_count_however_many(served: Settings, tmp_path: Path) -> None:
    generator = GeneratorResource()
    with runner_of(served, tmp_path / "log"):
        pid = None
        for kills in range(6):
            status = well(generator, other_than=pid)
            assert (status.failures, len(status.restarts)) == (0, kills)
            pid = status.pid
            assert pid is not None
            assert wait_until(lambda: generator.status().progress.get("acknowledged", 0) > 0, TIMEOUT_S)
            os.kill(pid, signal.SIGKILL)
        assert well(generator, other_than=pid).failures == 0


def test_only_services_that_people_start_and_stop_can_be_served(settings: Settings) -> None:
    command = [sys.executable, "-m", "stack", "serve", "api"]
    answer = subprocess.run(
        command,
        env=child_environment(settings),
        cwd=settings.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "api is not one of generator, spark_stream" in answer.stderr
