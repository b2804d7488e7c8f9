"""Each limit of the platform's state is written once: who reads or judges the state has none of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "generator", "orchestration", "spark_jobs", "stack")
JUDGES = {"control.heartbeat", "control.judge", "control.limits", "control.observation", "control.state"}
NO_LIMITS = ("INTERVAL_S", "TIMEOUT_S", "REQUESTS_WINDOW_S")
"""How often something is done, how long an answer is awaited: not about the state."""


def judges(source: str) -> bool:
    """Whether a module reads or judges the platform's state."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    named = {f"{node.module}.{alias.name}" for node in found for alias in node.names}
    return bool(JUDGES & (named | {node.module or "" for node in found}))


def limits(source: str) -> Iterator[str]:
    """Durations that a module defines as numbers."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Constant) for each in ast.walk(node)):
            names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
            yield from (name for name in names if name.endswith(("_S", "_MS")))


def test_who_judges_the_state_takes_the_limits_from_one_place() -> None:
    own = {
        str(path.relative_to(ROOT)): names
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if judges(source := path.read_text(encoding="utf-8"))
        and (names := [name for name in limits(source) if not name.endswith(NO_LIMITS)])
    }
    assert own == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from control.judge import liveness\nQUIET_S = 3.0", ["QUIET_S"]),
        ("from control import judge\nLEAST, SLOW_MS = 1, 250.0", ["SLOW_MS"]),
        ("from control.limits import START_S\nWAIT_S = START_S", []),
    ],
)
def test_a_limit_elsewhere_is_noticed(source: str, found: list[str]) -> None:
    assert judges(source)
    assert list(limits(source)) == found
