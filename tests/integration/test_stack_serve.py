"""A service in a container of its own: the real generator below its runner, asked through Dagster's handle."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from core.errors import StackError
from core.settings import KafkaSettings, PostgresSettings, Settings
from orchestration.services import GeneratorResource, ServiceStatus
from stack.environment import child_environment
from stack.healthy import verdict
from stack.serve import Runner
from stack.waiting import wait_until
from tests.managed import export, own_settings

TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0


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


def test_it_obeys_the_database(served: Settings, tmp_path: Path) -> None:
    generator = GeneratorResource()
    with pytest.raises(StackError, match="orderpulse serve generator"):
        generator.start("nobody is there to hear it")
    assert generator.status().state == "unknown"

    with runner_of(served, tmp_path / "log") as runner:
        first = well(generator)
        assert first.restarts == ()
        assert verdict(served, "generator") == "healthy"
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
        assert verdict(served, "generator") == "healthy", "as it is wanted"
        assert runner.poll() is None, "the container goes on"

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


def test_what_cannot_start_is_given_up_with_an_exit_code(
    served: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.serve.FAILURES", 2)
    unfit = served.generator.model_copy(update={"rate": -1.0})
    runner = Runner(served.model_copy(update={"generator": unfit}), "generator")
    said = []

    def has_ended() -> bool:
        runner.tick()
        said.append((GeneratorResource().status().state, verdict(served, "generator")))
        return runner.exit_code is not None

    assert wait_until(has_ended, TIMEOUT_S), said[-1]
    assert runner.exit_code == 1
    assert said[-1] == ("fatal", "fatal: no heartbeat yet")
    assert ("starting", "starting: no heartbeat yet") in said
    assert len(GeneratorResource().status().restarts) == 1


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
