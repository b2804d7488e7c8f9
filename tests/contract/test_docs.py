"""The pages agree with the tree: generated ones are current, links and paths lead somewhere."""

import re
from pathlib import Path

import pytest

from core import settings_docs
from core.events import FIELDS, RejectReason
from core.tables import RELATIONS

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
INDEXED = re.compile(
    r"`((?:core|database|generator|spark_jobs|dbt_project|stack|bench|tests|docs)/[\w./*-]*)`"
)


def test_the_page_of_settings_is_current() -> None:
    page = settings_docs.DOCUMENT.read_text(encoding="utf-8")
    assert page == settings_docs.document(), "run `python -m core.settings_docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_is_named_exists(page: Path) -> None:
    named = INDEXED.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


def test_every_field_and_reason_is_explained_to_producers() -> None:
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    for name in [*(field.name for field in FIELDS), *(reason.value for reason in RejectReason)]:
        assert f"| `{name}` |" in page


def test_every_table_is_described() -> None:
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    for relation in RELATIONS:
        assert f"`{relation.name}`" in page


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.name
)
def test_a_decision_fits_a_screen(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 40
