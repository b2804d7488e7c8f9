"""The programs, their configuration, and the environment that they are given."""

import configparser
import stat
from pathlib import Path

import pytest

from core.errors import PrerequisiteError, StackError
from core.settings import Settings, load_settings
from stack.host.environment import settings_as_environment
from stack.host.prerequisite import JAVA
from stack.host.unprivileged import Account, can_enter
from stack.local.programs import PROGRAMS, programs_of, selection
from stack.local.reset import reset
from stack.local.supervisor_config import write_configuration
from stack.servers.kafka.properties import server_properties


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        stack={"data_dir": tmp_path / "data"}, stream={"checkpoint_dir": tmp_path / "checkpoints"}
    )


def test_a_selection_is_in_the_order_of_starting(settings: Settings) -> None:
    assert [program.name for program in selection(settings, "kafka, postgres")] == ["postgres", "kafka"]
    assert selection(settings, None) == programs_of(settings)


def test_an_unknown_program_is_refused_with_the_names(settings: Settings) -> None:
    with pytest.raises(StackError, match="no program 'zookeeper'; there are postgres, kafka, spark_stream"):
        selection(settings, "zookeeper")


def test_the_stream_stops_after_dagster_and_the_generator_and_before_what_it_needs() -> None:
    order = [program.name for program in sorted(PROGRAMS, key=lambda program: -program.order)]
    assert order[:2] == ["class_archive", "dagster_daemon"]
    assert order.index("dagster_code") < order.index("generator") < order.index("spark_stream")
    assert order.index("spark_stream") < order.index("spark_worker_1") < order.index("spark_master")
    assert order.index("spark_master") < order.index("kafka") < order.index("postgres")


def test_every_program_has_its_section_and_the_socket_is_private(settings: Settings) -> None:
    path = write_configuration(settings)
    parser = configparser.RawConfigParser()
    parser.read(path)
    assert {f"program:{program.name}" for program in programs_of(settings)} <= set(parser.sections())
    assert parser["unix_http_server"]["chmod"] == "0700"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_workers_of_runs_are_told_to_stop_with_their_code_server(settings: Settings) -> None:
    parser = configparser.RawConfigParser()
    parser.read(write_configuration(settings))
    told = {name for name in parser.sections() if parser.get(name, "stopasgroup", fallback="false") == "true"}
    assert told == {"program:dagster_code"}


def test_a_socket_name_that_is_too_long_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="too long a name for a local socket"):
        write_configuration(load_settings(stack={"data_dir": tmp_path / ("x" * 120)}))


def test_a_child_reads_the_very_same_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = settings.model_copy(
        update={"postgres": settings.postgres.model_copy(update={"port": 6543}), "log_level": "warning"}
    )
    for name, value in settings_as_environment(changed).items():
        monkeypatch.setenv(name, value)
    assert settings_as_environment(load_settings()) == settings_as_environment(changed)


def test_the_broker_makes_no_topic_by_itself_and_listens_on_loopback(settings: Settings) -> None:
    properties = server_properties(settings, Path("log"))
    assert "auto.create.topics.enable=false\n" in properties
    assert "listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n" in properties


def test_a_missing_java_is_one_line_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PrerequisiteError, match="apt-get install openjdk-17") as raised:
        JAVA.find()
    assert "\n" not in str(raised.value)


def test_an_old_java_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_292\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrerequisiteError, match="is version 8"):
        JAVA.find()


def test_a_closed_folder_is_not_for_another_account(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stranger = Account(uid=closed.stat().st_uid + 4242, gid=closed.stat().st_gid + 4242)
    assert not can_enter(stranger, closed / "inside")
    assert can_enter(stranger, Path("/"))
    assert can_enter(None, closed)


def test_reset_removes_data_and_checkpoints(settings: Settings) -> None:
    settings.log_dir.mkdir(parents=True)
    settings.checkpoint_dir.mkdir()
    reset(settings)
    assert not settings.data_dir.exists()
    assert not settings.checkpoint_dir.exists()
