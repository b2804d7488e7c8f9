"""The sentences about components, in English, and in Vietnamese on the page."""

import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from control.sentences import SENTENCES, Value, write

ROOT = Path(__file__).parents[3]
VALUES: dict[str, Value] = {
    "at": datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
    "what": "stream",
    "reason": "The topic is missing.",
    "names": "v_kpi_1h",
    "version": "1.0",
}


def placeholders(text: str) -> set[str]:
    return {name.lower() for _, name, _, _ in Formatter().parse(text) if name}


@pytest.fixture(scope="module")
def vietnamese() -> dict[str, str]:
    page = ROOT / "frontend" / "src" / "features" / "ops" / "components" / "sentences.ts"
    source = page.read_text(encoding="utf-8")
    return dict(re.findall(r"^  (\w+): [\"`](.*)[\"`],$", source, re.MULTILINE))


def test_each_sentence_has_its_vietnamese(vietnamese: dict[str, str]) -> None:
    assert vietnamese.keys() == SENTENCES.keys()
    for code, text in vietnamese.items():
        assert placeholders(text.replace("${HEARSAY}", "")) <= placeholders(SENTENCES[code]), code
        assert text != SENTENCES[code], code


def test_each_sentence_is_said_somewhere_and_none_is_missing() -> None:
    paths = [*(ROOT / "api" / "health").glob("*.py"), ROOT / "control" / "judge.py"]
    sources = "".join(path.read_text(encoding="utf-8") for path in paths)
    assert {code for code in SENTENCES if f'"{code}"' not in sources} == set()


@pytest.mark.parametrize("code", SENTENCES)
def test_each_sentence_can_be_written(code: str) -> None:
    values = {name: VALUES.get(name, 3) for name in placeholders(SENTENCES[code])}
    text = write(code, values)
    assert "{" not in text
    assert text.endswith(".")


def test_values_are_written_by_their_names() -> None:
    values: dict[str, Value] = {"batch": 48_210, "age_s": 0.42, "records": 1}
    assert write("committed", values) == "Batch 48,210 was committed 0.4 s ago; 1 record behind the topic."
    shares: dict[str, Value] = {
        "found_share": 0.362,
        "records": 1_000,
        "minutes": 15,
        "allowed_share": 0.02,
    }
    assert write("many_rejects", shares).startswith(
        "36.2% of 1,000 records in 15 minutes were rejected; 2.0%"
    )
