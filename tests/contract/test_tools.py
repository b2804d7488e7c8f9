"""The tools of the inner loop: hooks that run what `make lint` runs, and Dagster's `dg` in this project."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / ".pre-commit-config.yaml"


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_hooks_run_the_installed_tools_of_make_lint() -> None:
    answer = run("pre-commit", "validate-config", str(HOOKS))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    repositories = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))["repos"]
    assert {each["repo"] for each in repositories} == {"local"}, (
        "nothing is fetched, so versions cannot differ"
    )
    entries = {hook["entry"].removeprefix(".venv/bin/") for each in repositories for hook in each["hooks"]}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    linters = re.findall(r"^\t@((?:ruff|mypy|lint-imports|sqlfluff|npm)\b[a-z -]*)", makefile, re.MULTILINE)
    words = {re.match(r"\S+(?: check| format| lint)?", line)[0] for line in linters if "--fix" not in line}  # type: ignore[index]  # every line has a first word
    assert len(words) >= 6
    assert {word for word in words if not any(entry.startswith(word) for entry in entries)} == set()


@pytest.mark.parametrize(
    ("subject", "fits"),
    [("A" * 72, True), ("Ä" * 72, True), ("A" * 73, False)],
    ids=["ascii", "utf-8", "long"],
)
def test_a_long_subject_is_refused(tmp_path: Path, subject: str, fits: bool) -> None:
    message = tmp_path / "message"
    message.write_text(f"{subject}\n\n{'a long line of the body ' * 10}\n", encoding="utf-8")
    answer = run("pre-commit", "run", "--hook-stage", "commit-msg", "--commit-msg-filename", str(message))
    assert (answer.returncode == 0) is fits, answer.stdout + answer.stderr


@pytest.mark.slow
def test_dg_loads_the_definitions() -> None:
    answer = run("dg", "list", "defs", "--json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "streaming_sensor" in {each["name"] for each in json.loads(answer.stdout)["sensors"]}
