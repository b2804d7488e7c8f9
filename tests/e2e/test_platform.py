"""The two commands of the README: `up` brings live KPIs, `down`, the last test here, leaves nothing behind."""

import os
import signal
from pathlib import Path

import pytest

from stack.host.waiting import wait_until
from stack.local.programs import programs_of
from stack.local.supervisor_config import SUPERVISOR
from tests.e2e.platform import Platform

pytestmark = pytest.mark.timeout(600)


def names_of(platform: Platform) -> set[str]:
    """What `orderpulse status` lists."""
    return {SUPERVISOR, *(program.name for program in programs_of(platform.settings) if not program.once)}


@pytest.mark.parametrize(
    "relation", ["events_clean", "kpi_1m", "kpi_1m_by_currency", "kpi_1m_detail", "ops.events_rejected"]
)
def test_the_tables_fill(platform: Platform, relation: str) -> None:
    assert platform.wait_for(f"SELECT count(*) FROM {relation}") > 0


def test_the_view_of_a_quarter_of_an_hour_answers(platform: Platform) -> None:
    assert platform.wait_for("SELECT total_orders FROM v_kpi_15m") > 0


def test_the_checkpoints_are_in_the_folder_of_the_settings_whatever_its_name(platform: Platform) -> None:
    folder = platform.settings.checkpoint_dir
    assert " " in str(folder)
    assert {path.parent.name for path in folder.glob("*/metadata")} == {"events_clean", "kpi_1m"}


def test_status_is_true(platform: Platform) -> None:
    status = platform.status()
    assert status["healthy"] is True
    assert {line["name"] for line in status["programs"]} == names_of(platform)
    for line in status["programs"]:
        assert (line["state"], line["health"]) == ("running", "healthy")
        assert Path(line["log"]).is_file()
        os.kill(line["pid"], 0)
    ports = {line["name"]: line["port"] for line in status["programs"]}
    assert ports["postgres"] == platform.settings.postgres.port


def test_a_second_up_changes_nothing(platform: Platform) -> None:
    before = platform.pids()
    platform.command("up")
    assert platform.pids() == before


def test_reset_is_refused_while_it_runs(platform: Platform) -> None:
    assert "orderpulse down" in platform.command("reset", "--yes", expect=1)
    assert platform.settings.data_dir.exists()


def test_other_settings_are_not_mixed_in(platform: Platform) -> None:
    generator = platform.settings.generator.model_copy(update={"rate": 7.0})
    other = Platform(platform.settings.model_copy(update={"generator": generator}))
    assert "other settings" in other.command("up", expect=1)


def test_a_killed_server_comes_back_by_itself(platform: Platform) -> None:
    before = platform.pids()["postgres"]
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert platform.wait_pid("postgres", lambda pid: pid not in (None, before))
    assert platform.wait_healthy(), platform.status()


def test_a_killed_manager_is_repaired_with_one_of_each(platform: Platform) -> None:
    before = platform.pids()
    manager = before["supervisord"]
    assert manager is not None
    os.kill(manager, signal.SIGKILL)
    platform.command("up")
    after = platform.pids()
    assert set(after) == names_of(platform)
    assert all(after.values())
    assert not set(before.values()) & set(after.values())
    brokers = len(platform.settings.kafka.addresses())
    commands = {
        " supervisor.supervisord ": 1,
        " kafka.Kafka ": brokers,
        " -m spark_jobs.stream": 1,
        " -m generator": 1,
    }
    for command, count in commands.items():
        found = [line for line in platform.processes() if command in line]
        assert len(found) == count, f"{command}: {found}"


def test_events_continue_after_all_that(platform: Platform) -> None:
    platform.wait_for("SELECT max(ingest_time) > clock_timestamp() - interval '5 seconds' FROM events_clean")


def test_down_leaves_no_process_and_no_open_port(platform: Platform) -> None:
    platform.command("down")
    assert platform.open_ports() == []
    assert wait_until(lambda: platform.processes() == [], 10), platform.processes()
    assert platform.status()["healthy"] is False


def test_down_again_says_that_nothing_ran(platform: Platform) -> None:
    assert "Nothing was running" in platform.command("down")


def test_up_after_down_resumes_where_it_stopped(platform: Platform) -> None:
    platform.command("up")
    platform.wait_for("SELECT max(ingest_time) > clock_timestamp() - interval '5 seconds' FROM events_clean")
    kept = "SELECT count(DISTINCT query_id) FROM ops.stream_batch"
    assert platform.wait_for(kept) == 2
