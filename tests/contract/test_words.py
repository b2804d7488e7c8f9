"""One name for each thing: code, docs and English texts use no word that `.codespell.dictionary` replaces."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DICTIONARY = ROOT / ".codespell.dictionary"
CHECKED = (
    ".py",
    ".md",
    ".ts",
    ".tsx",
    ".css",
    ".yml",
    ".yaml",
    ".toml",
    ".template",
    "Makefile",
    "Dockerfile",
)
LEFT_OUT = re.compile(
    r"vi\.(ts|md)$|/sentences\.ts$|/problems\.ts$|openapi|\.gen\.ts$|^database/migrations/"  # other languages, generated, applied
    r"|^tests/contract/test_words\.py$"  # names the words
)


def phrases() -> list[str]:
    """The dictionary's entries of several words, the longest first."""
    entries = [line.partition("->")[0] for line in DICTIONARY.read_text(encoding="utf-8").splitlines()]
    return sorted((entry for entry in entries if " " in entry), key=len, reverse=True)


def findings(*files: Path) -> list[str]:
    """codespell's lines for `files`. Its own idea of a word has no spaces, so phrases are added to it."""
    words = rf"(?i)(?<![\w-])(?:{'|'.join(map(re.escape, phrases()))})(?![\w-])|[\w\-']+"
    command = [
        str(Path(sys.executable).with_name("codespell")),
        "--dictionary",
        str(DICTIONARY),
        "--regex",
        words,
    ]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode in {0, 65}, done.stderr
    return done.stdout.splitlines()


def tracked() -> list[Path]:
    """The files to check."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [ROOT / name for name in listed if name.endswith(CHECKED) and not LEFT_OUT.search(name)]


def test_the_words_are_those_of_the_glossary() -> None:
    assert findings(*tracked()) == []


@pytest.mark.parametrize(
    "text", ["The view is built anew.", "The stream Goes on.", "what is\tunwell", "It was mended"]
)
def test_other_words_are_found(tmp_path: Path, text: str) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"# A page\n\n{text}\n", encoding="utf-8")
    assert len(findings(file)) == 1


def test_usual_words_pass(tmp_path: Path) -> None:
    file = tmp_path / "page.py"
    file.write_text('"""Rebuild the view; the stream continues."""\n\nmade_anew = True\n', encoding="utf-8")
    assert findings(file) == []
