"""The pages agree with the tree: generated ones are current, links and paths lead somewhere."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import dagster as dg
import pytest
import yaml  # type: ignore[import-untyped]  # ships no types

from core import settings_docs, tables
from core.events import DIMENSIONS, FIELDS, RejectReason
from core.settings import CheckSettings, RetentionSettings
from orchestration.definitions import defs
from orchestration.defs.quality.catalogue import CHECKS
from orchestration.manifest import ensure_manifest, read_manifest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATIONS = ROOT / "docs" / "operations.md"
RELATIONS = [each for each in vars(tables).values() if isinstance(each, tables.Relation)]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
NAME = re.compile(r"`([^`]+)`")
FORM = re.compile(r"```yaml\n# (\w+)\n(.*?)```", re.DOTALL)
INDEXED = re.compile(
    r"`((?:core|database|generator|intake|spark_jobs|dbt_project|orchestration|stack|bench|tests|docs)/[\w./*-]*)`"
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
    for name in [
        *(field.name for field in (*FIELDS, *DIMENSIONS)),
        *(reason.value for reason in RejectReason),
    ]:
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


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    """What Dagster loads."""
    ensure_manifest()
    return defs().get_repository_def()


def named(page: str, section: str, column: int) -> list[list[str]]:
    """The names in a column (0: the first) of the tables of a section, by row."""
    text = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [NAME.findall(row[column]) if len(row) > column else [] for row in cells]


def check_names(page: str, section: str, column: int, defined: set[str]) -> None:
    """The names (`*` stands for anything) of the page are those that are defined, all and no others."""
    patterns = {name for row in named(page, section, column) for name in row}
    assert {name for name in defined if not any(fnmatchcase(name, each) for each in patterns)} == set()
    assert {each for each in patterns if not any(fnmatchcase(name, each) for name in defined)} == set()


def test_every_job_sensor_schedule_and_check_is_explained(repository: dg.RepositoryDefinition) -> None:
    page = OPERATIONS.read_text(encoding="utf-8")
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    check_names(page, "Jobs", 0, jobs)
    automation = {each.name for each in repository.sensor_defs}
    automation |= {each.name for each in repository.schedule_defs}
    check_names(page, "Sensors and schedules", 0, automation)
    check_names(page, "Checks", 1, {key.name for key in repository.asset_graph.asset_check_keys})


@pytest.mark.parametrize(("former", "present"), [("`retention` |", "`purge` |"), ("`dbt_test` |", "|")])
def test_a_job_that_is_renamed_or_left_out_is_noticed(
    repository: dg.RepositoryDefinition, former: str, present: str
) -> None:
    page = OPERATIONS.read_text(encoding="utf-8")
    assert former in page
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    with pytest.raises(AssertionError):
        check_names(page.replace(former, present), "Jobs", 0, jobs)


def test_each_of_dbts_tests_is_a_check(repository: dg.RepositoryDefinition) -> None:
    nodes = read_manifest()["nodes"].values()
    tests = {node["name"] for node in nodes if node["resource_type"] == "test"}
    assert len(tests) > 60
    assert tests <= {key.name for key in repository.asset_graph.asset_check_keys}


def test_each_check_is_explained_for_its_assets() -> None:
    page = OPERATIONS.read_text(encoding="utf-8")
    rows = zip(named(page, "Checks", 0), named(page, "Checks", 1), strict=True)
    pairs = {(asset, name) for assets, names in rows for asset in assets for name in names if "*" not in name}
    assert pairs == {(check.asset, check.name) for check in CHECKS}


def test_the_thresholds_and_intervals_are_the_present_ones(repository: dg.RepositoryDefinition) -> None:
    page = OPERATIONS.read_text(encoding="utf-8")
    checks, retention = CheckSettings(), RetentionSettings()
    for said in (
        f"more than {checks.consumer_lag_records:,} records behind",
        f"older than {checks.freshness_limit_s:.0f} s",
        f"not moved for {checks.checkpoint_stall_s:.0f} s",
        f"over {checks.checkpoint_size_mb} MB",
        f"over {checks.reject_share * 100:.0f} % of",
        f"minute of the last {checks.reconcile_minutes} ",
        f"| {retention.events_days} days | `ORDERPULSE_RETENTION__EVENTS_DAYS` |",
        f"| {retention.ledger_days} days | `ORDERPULSE_RETENTION__LEDGER_DAYS` |",
        f"| {retention.event_log_days} days | `ORDERPULSE_RETENTION__EVENT_LOG_DAYS` |",
        *(f"| `{each.name}` | every {each.minimum_interval_seconds} s |" for each in repository.sensor_defs),
    ):
        assert said in page


def test_each_form_fits_its_job(repository: dg.RepositoryDefinition) -> None:
    forms = FORM.findall(OPERATIONS.read_text(encoding="utf-8"))
    assert len(forms) >= 5
    for job, form in forms:
        dg.validate_run_config(repository.get_job(job), yaml.safe_load(form))
