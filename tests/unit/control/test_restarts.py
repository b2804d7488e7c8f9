"""How a service that fails is started again."""

import time
from pathlib import Path

import pytest

from control.hosts import HostReport, _Supervisor, process_host
from control.process_manager import Managed, Pause, StartLog
from control.restarts import failures_in_a_row, got_somewhere, pause_s
from core.settings import load_settings


def test_pauses_grow_to_five_minutes_and_no_further() -> None:
    pauses = [pause_s(failures) for failures in range(13)]
    assert pauses == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert pause_s(10**9) == 300


@pytest.mark.parametrize(
    ("progressed_at", "ended_at", "failures"),
    [
        pytest.param(None, 60, 5, id="never any progress"),
        pytest.param(9, 60, 5, id="progress of the process before"),
        pytest.param(10, 60, 0, id="progress since its start"),
        pytest.param(None, 310, 0, id="lived as long as the longest pause: it may have had nothing to do"),
    ],
)
def test_a_failure_after_progress_does_not_count(
    progressed_at: float | None, ended_at: float, failures: int
) -> None:
    assert failures_in_a_row(4, 10, ended_at, progressed_at) == failures
    assert got_somewhere(10, ended_at, progressed_at) == (failures == 0)


def look_at(tmp_path: Path, managed: Managed, started_s_ago: float, pause: Pause | None = None) -> HostReport:
    """The process manager's state of a service that was started so long ago, after six failures."""
    settings = load_settings(stack={"data_dir": tmp_path})
    starts = StartLog(settings, "generator")
    starts.add()
    starts.add(failures=6)
    path = tmp_path / "run" / "generator.starts"
    path.write_text(f"1.0 0\n{time.time() - started_s_ago:.3f} 6\n")
    if pause is not None:
        starts.note_pause(pause)
    host = process_host(settings, "generator")
    assert isinstance(host, _Supervisor)
    return host._with_starts(managed)


def test_a_pause_before_the_start_is_no_part_of_a_process_life(tmp_path: Path) -> None:
    """Else it would count as hung, and as one that has lived for long, the moment it begins."""
    found = look_at(tmp_path, Managed("running", 7, 304, going=True), started_s_ago=4.5)
    assert (found.managed.state, found.managed.uptime_s, found.failures) == ("running", 4, 6)
    assert len(found.restarts) == 1


def test_a_process_that_waits_for_its_start_is_none_yet(tmp_path: Path) -> None:
    managed, waiting = Managed("running", 7, 100, going=True), Pause(7, time.time() + 100, 7)
    found = look_at(tmp_path, managed, 200, waiting)
    assert (found.managed.state, found.managed.pid, found.failures) == ("backoff", None, 7)
    other = look_at(tmp_path, managed, 200, Pause(6, time.time() + 100, 7))
    assert other.managed.state == "running", "the pause of a process that has ended"
