"""The tutorial and its translation: the same commands, edits that fit the tree, and a test that notices a wrong output."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.pages import ROOT, TUTORIAL, Step, shows, steps

TRANSLATED = {
    TUTORIAL: ROOT / "docs" / "vi" / "tutorial.md",
    ROOT / "README.md": ROOT / "docs" / "vi" / "README.md",
}

COMMENT = re.compile(r" +# .*$", re.MULTILINE)


def told(page: Path) -> list[tuple[str, tuple[str, ...]]]:
    """The commands of a page and what they show, without comments and names of sections, which are translated."""
    return [(COMMENT.sub("", step.command), step.shown) for step in steps(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.name)
def test_the_translation_has_the_same_commands(page: Path) -> None:
    assert len(told(page)) > 2
    assert told(TRANSLATED[page]) == told(page)


def test_the_edit_of_the_tutorial_fits_the_tree() -> None:
    (edit,) = [
        step.command for step in steps(TUTORIAL.read_text(encoding="utf-8")) if "git apply" in step.command
    ]
    command = edit.replace("git apply", "git apply --check --verbose")
    answer = subprocess.run(["bash", "-ec", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, (
        f"renew the edit in docs/tutorial.md and docs/vi/tutorial.md: {answer.stderr}"
    )


def test_a_page_is_read_as_a_person_reads_it() -> None:
    page = "## One\n```sh\nfirst\n```\nYou see\n```text\na ... c\n```\n## Two\n```sh\nsecond\n```\n```sql\nSELECT\n```\n"
    assert list(steps(page)) == [Step("One", "first\n", ("a ... c",)), Step("Two", "second\n")]


@pytest.mark.parametrize(
    ("output", "is_shown"),
    [
        ("before\n a  b c\n(1 row)\n", True),
        (" a | c\n(1 row)", True),
        ("(1 row)\na b c", False),
        ("a b c\n", False),
        ("a b d\n(1 row)\n", False),
        ("a b c\n(11 row)\n", False),
        ("", False),
    ],
)
def test_an_output_other_than_the_promised_is_noticed(output: str, is_shown: bool) -> None:
    assert shows(output, ("a ... c", "(1 row)")) is is_shown
