"""The handle on the generator, with a real manager, a real generator, a real broker and database."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.errors import SettingsError, StackError
from core.settings import KafkaSettings, PostgresSettings, Settings
from orchestration.services import GeneratorResource, ServiceStatus, SparkStreamResource
from stack.host.waiting import wait_until
from tests.managed import export, manager_of, own_settings

TIMEOUT_S = 90.0


@pytest.fixture
def generator(
    settings: Settings,
    database: PostgresSettings,
    broker: KafkaSettings,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[GeneratorResource]:
    """A handle on a generator that is not started, below a manager that runs."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-"))
    own = own_settings(settings, database, broker, topic, folder)
    export(monkeypatch, own)
    with manager_of(own):
        yield GeneratorResource()
    shutil.rmtree(folder)


def well(generator: GeneratorResource, *, other_than: int | None = None) -> ServiceStatus:
    """Its status, as soon as the process beats."""
    seen = [generator.status()]

    def is_well() -> bool:
        seen.append(generator.status())
        return seen[-1].state in ("starting", "running") and seen[-1].beats and seen[-1].pid != other_than

    assert wait_until(is_well, TIMEOUT_S), seen[-1]
    return seen[-1]


def test_start_twice_restart_and_stop(generator: GeneratorResource) -> None:
    generator.start("asked for")
    first = well(generator)
    assert (first.desired, first.reason, first.restarts) == ("running", "asked for", ())
    generator.start("asked for again")
    assert generator.status().pid == first.pid

    generator.restart("new settings")
    second = well(generator, other_than=first.pid)
    assert (second.reason, second.restarts) == ("new settings", ())

    generator.stop("enough")
    stopped = generator.status()
    assert (stopped.desired, stopped.reason, stopped.state, stopped.pid) == (
        "stopped",
        "enough",
        "stopped",
        None,
    )
    assert second.pid is not None
    assert not psutil.pid_exists(second.pid)
    generator.stop("twice is harmless")


def test_a_killed_one_is_started_again_and_counted_until_somebody_asks_for_a_start(
    generator: GeneratorResource,
) -> None:
    generator.start("asked for")
    first = well(generator).pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    second = well(generator, other_than=first)
    assert len(second.restarts) == 1
    assert second.reason == "asked for"

    assert second.pid is not None
    os.kill(second.pid, signal.SIGSTOP)
    generator.kill(first)
    assert psutil.Process(second.pid).status() == psutil.STATUS_STOPPED, "another process than was meant"
    generator.kill(second.pid)
    assert len(well(generator, other_than=second.pid).restarts) == 2

    generator.restart("repaired")
    assert well(generator).restarts == ()


def test_what_is_wanted_is_started_without_a_word_and_takes_another_rate(
    generator: GeneratorResource,
) -> None:
    assert generator.ensure_running()
    status = well(generator)
    assert (status.reason, status.restarts) == (None, ())
    assert not generator.ensure_running(), "it runs"

    generator.set_rate(70)
    assert wait_until(lambda: generator.status().progress.get("rate_wanted") == 70, TIMEOUT_S), (
        "it holds at once"
    )
    assert generator.status().rate == 70

    generator.ensure_stopped()
    assert wait_until(lambda: generator.status().state == "stopped", TIMEOUT_S)
    assert generator.status().desired == "running"


@pytest.mark.parametrize("rate", [0, -1, 0.05, 100_001, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(SettingsError, match=r"choose one from 0\.1 to 100,000"):
        GeneratorResource().set_rate(rate)


def test_without_a_manager_the_state_is_unknown_and_a_start_is_refused_with_a_reason(
    settings: Settings,
    database: PostgresSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export(monkeypatch, own_settings(settings, database, settings.kafka, "none", tmp_path))
    stream = SparkStreamResource()
    assert stream.status().state == "unknown"
    with pytest.raises(StackError, match="orderpulse up"):
        stream.start("asked for")


def test_one_run_watches_at_a_time(
    settings: Settings, database: PostgresSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(monkeypatch, own_settings(settings, database, settings.kafka, "none", tmp_path))
    stream = SparkStreamResource()
    assert stream.attach("a")
    assert stream.attach("a"), "once more, as a sign of life"
    assert not stream.attach("b")
    assert stream.attach("b", replaces="a")
    status = stream.status()
    assert status.attached_run == "b"
    assert status.attached_age_s is not None
    assert status.attached_age_s < 10
