"""The image's file system, made without an engine: every program of it starts, and nothing that one needs is missing."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types

from core.settings import load_settings
from orchestration.manifest import ensure_manifest
from stack.servers.dagster.home import daemon_command, webserver_command
from tests.image_files import ROOT, NotSentError, copied, make_image_files

IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
TOOLS = "stack.supply"
"""Of developers; it needs packages that the image does not have."""

IN_THE_IMAGE = Path(__file__).parents[1] / "image_programs.py"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What loads in the image's environment, and what each of its programs says in production without any secret."""
    ensure_manifest()  # the Dockerfile has it made in the image
    folder = tmp_path_factory.mktemp("image")
    python = make_image_files(folder, IGNORE)
    packages = [target for _, target in copied() if (ROOT / target / "__init__.py").is_file()]
    asked = {"packages": packages, "tools": TOOLS, "programs": programs()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ORDERPULSE_")}
    answer = subprocess.run(
        [python, IN_THE_IMAGE],
        input=json.dumps(asked),
        cwd=folder / "orderpulse",
        env=inherited | {"PYTHONPATH": "", "ORDERPULSE_STACK__DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found | {"folder": str(folder), "python": str(python)}


def programs() -> dict[str, list[str]]:
    """Module and arguments of each program of the image that reads settings."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    settings = load_settings(dagster={"process_host": "services"})
    become = {"dagster_daemon": daemon_command(settings), "dagster_webserver": webserver_command()}
    found = {"generator's process": ["generator"], "the stream's process": ["spark_jobs.stream"]}
    for name, service in services.items():
        if service["image"].startswith("orderpulse/platform:") and "entrypoint" not in service:
            words = service["command"]
            found[name] = (
                become[words[2]][2:] if words[:2] == ["stack", "run"] and words[2] in become else words
            )
    del found["dbt-docs"]  # it reads none
    found["dagster-code"] = ["orchestration.manifest"]  # its own server is Dagster's; what it loads is below
    return found


def test_every_program_starts_and_names_which_settings_are_missing(image: dict[str, Any]) -> None:
    assert len(image["said"]) >= 9
    for name, (exit_code, said) in image["said"].items():
        assert "The settings are not usable" in said, f"{name}:\n{said}"
        assert "Traceback" not in said, f"{name}:\n{said}"
        assert exit_code != 0, name


def test_it_is_an_installed_distribution(image: dict[str, Any]) -> None:
    assert image["version"] == image["version_of_api"]
    assert image["sensors"] > 0, "Dagster found the project, and dbt's manifest"
    assert image["modules"] > 200
    own = Path(image["folder"]) / "orderpulse"
    assert {Path(path).parents[1] for path in image["files"]} == {own}, "nothing comes from elsewhere"
    help_text = subprocess.run(
        [Path(image["python"]).with_name("orderpulse"), "--help"], capture_output=True, check=True
    )
    assert b"deploy" in help_text.stdout


@pytest.mark.parametrize("missing", ["pyproject.toml", "core", "workspace.yaml"])
def test_what_is_not_sent_is_noticed(tmp_path: Path, missing: str) -> None:
    ignore = [line for line in IGNORE if line != f"!{missing}"]
    with pytest.raises(NotSentError, match=missing):
        make_image_files(tmp_path, ignore)
