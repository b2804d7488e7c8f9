"""The dashboard's own tests, and its types against the API that is published."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from core.settings import load_settings
from orchestration.defs.quality.catalogue import CHECKS, GUARDS
from stack.host.prerequisite import NODE
from stack.servers.frontend import ensure_packages

FRONTEND = Path(__file__).parents[2] / "frontend"


@pytest.fixture(scope="module")
def packages() -> None:
    ensure_packages(load_settings())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NO_COLOR": "1", "CI": "1"}
    return subprocess.run(
        [NODE.find(), *arguments],
        cwd=FRONTEND,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("packages")
def test_the_tests_of_components_and_hooks_pass() -> None:
    answer = run("test")
    assert answer.returncode == 0, (answer.stdout + answer.stderr)[-5000:]
    assert " passed" in answer.stdout


@pytest.mark.usefixtures("packages")
def test_the_types_are_those_of_the_published_api(tmp_path: Path) -> None:
    fresh = tmp_path / "openapi.d.ts"
    answer = run("exec", "openapi-typescript", "--", "../api/openapi.json", "--output", str(fresh))
    assert answer.returncode == 0, answer.stderr
    committed = FRONTEND / "src" / "lib" / "openapi.d.ts"
    assert committed.read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8"), (
        "run `npm run types` in frontend"
    )


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_check_has_a_title(language: str) -> None:
    texts = (FRONTEND / "src" / "i18n" / f"{language}.ts").read_text(encoding="utf-8")
    titles = re.search(r"  check: \{\s+title: \{(.*?)\}", texts, re.DOTALL)
    assert titles is not None
    assert re.findall(r"(\w+): \"", titles[1]) == list(dict.fromkeys(check.name for check in CHECKS))


def test_the_page_of_sources_shows_every_check_for_mistakes_of_senders() -> None:
    code = (FRONTEND / "src" / "features" / "sources" / "guards.tsx").read_text(encoding="utf-8")
    listed = re.search(r"GUARDS = \[(.*?)\]", code)
    assert listed is not None
    assert re.findall(r'"(\w+)"', listed[1]) == [guard.name for guard in GUARDS]
