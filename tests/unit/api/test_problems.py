"""The codes of the API's problems, each with its Vietnamese text on the page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHARED = {"request_id"}
BY_STATUS = {
    "bad_request",
    "not_found",
    "method_not_allowed",
    "content_too_large",
    "request_header_fields_too_large",
}
"""Named after the HTTP status, where no route raises them."""


def _makes_a_problem(path: Path, call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    of_subclass = path.name == "problems.py" and name == "super().__init__" and len(call.args) > 1
    return name == "ProblemError" or of_subclass


def raised() -> Iterator[tuple[str, set[str]]]:
    """Code and names of the values of each problem that the sources make."""
    for path in (ROOT / "api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not _makes_a_problem(path, node):
                continue
            values = {
                str(key.value)
                for keyword in node.keywords
                if keyword.arg == "values" and isinstance(keyword.value, ast.Dict)
                for key in keyword.value.keys
                if isinstance(key, ast.Constant)
            }
            code = node.args[1]
            if isinstance(code, ast.Constant):
                yield str(code.value), values
    yield "database_unavailable", set()
    yield "query_timeout", set()
    yield from ((code, set()) for code in BY_STATUS)


@pytest.fixture(scope="module")
def vietnamese() -> dict[str, str]:
    source = (ROOT / "frontend" / "src" / "i18n" / "problems.ts").read_text(encoding="utf-8")
    return dict(re.findall(r"^  (\w+):\s+\"(.*)\",$", source, re.MULTILINE))


def test_each_problem_has_its_vietnamese(vietnamese: dict[str, str]) -> None:
    problems = dict(raised())
    assert len(problems) > 15
    assert vietnamese.keys() == problems.keys()
    for code, text in vietnamese.items():
        assert set(re.findall(r"\{(\w+)\}", text)) - SHARED <= problems[code], code
