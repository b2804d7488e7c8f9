"""Node.js, and when the dashboard is rebuilt."""

from pathlib import Path

import pytest

from core.errors import PrerequisiteError, StackError
from core.settings import Settings, load_settings
from stack.host.prerequisite import NODE
from stack.servers import frontend


def write_program(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project whose npm notes what it was asked, and whose build is one file."""
    sources = tmp_path / "frontend"
    sources.mkdir()
    (sources / "package-lock.json").write_text("{}", encoding="utf-8")
    (sources / "page.ts").write_text("1", encoding="utf-8")
    programs = tmp_path / "programs"
    programs.mkdir()
    write_program(programs, "node", "echo v22.1.0")
    write_program(programs, "npm", 'echo "$1" >>../asked; mkdir -p node_modules dist; test ! -e broken')
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return load_settings(root=tmp_path)


def asked(settings: Settings) -> list[str]:
    return (settings.root / "asked").read_text(encoding="utf-8").split()


def test_it_is_built_once_for_each_state_of_its_sources(settings: Settings) -> None:
    assert not frontend.is_built(settings)
    frontend.ensure_frontend(settings)
    frontend.ensure_frontend(settings)
    assert asked(settings) == ["ci", "run"]
    (settings.root / "frontend" / "page.ts").write_text("2", encoding="utf-8")
    assert not frontend.is_built(settings)
    frontend.ensure_frontend(settings)
    assert asked(settings) == ["ci", "run", "run"], "the packages are the same"


def test_a_new_lock_file_reinstalls(settings: Settings) -> None:
    frontend.ensure_packages(settings)
    frontend.ensure_packages(settings)
    (settings.root / "frontend" / "package-lock.json").write_text("{ }", encoding="utf-8")
    frontend.ensure_packages(settings)
    assert asked(settings) == ["ci", "ci"]


def test_a_failed_build_is_reported_and_not_taken_for_one(settings: Settings) -> None:
    (settings.root / "frontend" / "broken").touch()
    with pytest.raises(StackError, match=r"npm ci .* failed"):
        frontend.ensure_frontend(settings)
    assert not frontend.is_built(settings)


def test_a_missing_node_is_one_line_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PrerequisiteError, match="apt-get install nodejs npm") as raised:
        NODE.find()
    assert "\n" not in str(raised.value)


def test_an_old_node_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_program(tmp_path, "node", "echo v18.20.4")
    write_program(tmp_path, "npm", "echo 9")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrerequisiteError, match="is version 18"):
        NODE.find()
