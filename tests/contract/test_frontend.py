"""The dashboard's own tests, and its types against the API that is published."""

import os
import subprocess
from pathlib import Path

import pytest

from core.settings import load_settings
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
