"""docs/tutorial.md by its own commands, on the running platform: what changes no code. The whole page: `test_clone.py`."""

import sys
from pathlib import Path

import pytest

from tests.e2e.platform import Platform
from tests.pages import ROOT, TUTORIAL, reader, steps

STEPS = list(steps(TUTORIAL.read_text(encoding="utf-8")))
CHANGE_NO_CODE = list(dict.fromkeys(step.section for step in STEPS))[1:4]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "section",
    [CHANGE_NO_CODE[0], *(pytest.param(each, marks=pytest.mark.slow) for each in CHANGE_NO_CODE[1:])],
)
def test_a_section_shows_what_it_promises(platform: Platform, section: str) -> None:
    person = reader(platform.settings, ROOT, Path(sys.executable).parent)
    chosen = [step for step in STEPS if step.section == section]
    assert any(step.shown for step in chosen)
    for step in chosen:
        person.follow(step)
