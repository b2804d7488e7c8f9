"""The command line: its help, and its response to a typo."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import StackError
from core.settings import Settings, load_settings
from stack.cli import app
from stack.host.locks import acquire
from stack.local.logs import readable, show
from stack.local.programs import named

ENTRY = {
    "event": "batch.committed",
    "level": "info",
    "timestamp": "2026-03-01T09:00:00Z",
    "query": "kpi_1m",
    "batch": 7,
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(stack={"data_dir": tmp_path})


def said(*arguments: str, code: int = 0) -> str:
    """What a command prints, on one line: a terminal may be narrow."""
    answer = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert answer.exit_code == code, answer.output
    return " ".join(answer.output.split())


def test_what_is_used_every_day_comes_first_and_what_destroys_last_in_its_group() -> None:
    shown = said("-h")
    commands = (
        "up",
        "down",
        "status",
        "start",
        "stop",
        "restart",
        "logs",
        "doctor",
        "backup",
        "db",
        "reset",
        "restore",
    )
    places = [shown.index(f"│ {command} ") for command in commands]
    assert places == sorted(places)
    assert shown.index("Every day") < places[0]
    assert places[-1] < shown.index("│ generate ") < shown.index("│ certs ")


@pytest.mark.parametrize("arguments", [["-h"], ["backup", "-h"], ["db", "migrate", "-h"], ["up", "-h"]])
def test_the_short_form_of_help_works_everywhere(arguments: list[str]) -> None:
    assert said(*arguments) == said(*arguments[:-1], "--help")


def test_the_version_is_reported() -> None:
    assert said("--version") == "orderpulse 0.1.0"


@pytest.mark.parametrize(
    ("typo", "guess"),
    [
        ("restor", "Did you mean `restart` or `stop`?"),
        ("rest", "Did you mean `restart`?"),
        ("reste", "Did you mean `restart`?"),
        ("resset", "Did you mean `restart`?"),
        ("statsu", "Did you mean `status` or `start` or `restart`?"),
        ("xyz", "`orderpulse -h` lists all."),
    ],
)
def test_nobody_is_led_from_a_typo_to_a_command_that_destroys(typo: str, guess: str) -> None:
    assert f"There is no command '{typo}'. {guess}" in said(typo, code=2)


def test_a_guess_for_a_program_comes_from_what_runs(settings: Settings) -> None:
    with pytest.raises(StackError, match="no program 'dagster'; did you mean dagster_code or dagster_daemon"):
        named(settings, ["dagster"])
    descriptor = acquire(settings, "dagster_webserver", 0)
    with pytest.raises(StackError, match=r"no program 'dagster_wbserver'; did you mean dagster_webserver\?$"):
        named(settings, ["dagster_wbserver"])
    os.close(descriptor)


def test_a_program_of_the_other_profile_is_reported_as_such(settings: Settings) -> None:
    with pytest.raises(StackError, match="kafka_2 exists only in the profile cluster"):
        named(settings, ["kafka_2"])


def test_a_log_is_readable_for_people_and_json_for_programs(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.log_dir.mkdir(parents=True)
    lines = ["2026-03-01T09:00:00Z WARN a broker's own words", json.dumps(ENTRY), "[1, 2]", '{"no": "event"}']
    (settings.log_dir / "kafka.log").write_text("\n".join(["earlier", *lines]) + "\n", encoding="utf-8")
    assert show(settings, "kafka", 4, follow=False, as_json=True) == 0
    assert capfd.readouterr().out.splitlines() == lines
    assert show(settings, "kafka", 4, follow=False, as_json=False) == 0
    readable_lines = [
        lines[0],
        "2026-03-01T09:00:00Z [info     ] batch.committed batch=7 query=kpi_1m",
        *lines[2:],
    ]
    assert capfd.readouterr().out.splitlines() == readable_lines
    with pytest.raises(StackError, match="has written no log yet"):
        show(settings, "postgres", 4, follow=False, as_json=False)


def test_an_exception_in_a_log_is_on_lines_of_its_own() -> None:
    assert readable(json.dumps(ENTRY | {"exception": "Traceback:\n  here"})).endswith("\nTraceback:\n  here")
