"""The dbt jobs with the real dbt on a real database."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from core.errors import StackError
from core.settings import PostgresSettings, Settings
from orchestration import manifest
from orchestration.defs.warehouse import load, views
from stack.host.environment import settings_as_environment

# dagster-dbt uses what Dagster itself has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:AssetExecutionContext.op is deprecated")

Connection = psycopg.Connection[tuple[object, ...]]

BAD_ROW = """
    INSERT INTO kpi_1m_by_currency (window_start, window_end, currency, orders_created)
    VALUES (date_trunc('minute', now()), date_trunc('minute', now()) + interval '1 minute', 'USD', -1)
"""
TOTAL = """
    INSERT INTO kpi_1m (window_start, window_end, orders_created)
    SELECT window_start, window_end, orders_created FROM kpi_1m_by_currency
"""
FAILING_TEST = "source_not_negative_realtime_kpi_1m_by_currency_orders_created"


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def site(
    settings: Settings, database: PostgresSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """dbt on the test's database; the folder of its manifest, which the docs are published to."""
    own = settings.model_copy(update={"postgres": database})
    for name, value in settings_as_environment(own).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(views, "WORK", tmp_path / "work")
    for module in (views, manifest):
        monkeypatch.setattr(module, "TARGET", tmp_path)
    for name in ("MANIFEST", "MARK"):
        monkeypatch.setattr(manifest, name, tmp_path / getattr(manifest, name).name)
    return tmp_path


@pytest.fixture
def definitions(site: Path) -> dg.Definitions:
    """The area, from a manifest that was made for it."""
    with pytest.raises(StackError, match=r"missing; create it with `python -m orchestration\.manifest`"):
        manifest.read_manifest()
    assert manifest.ensure_manifest(), "there was none"
    assert not manifest.ensure_manifest(), "it is current"
    assert sorted(path.name for path in site.iterdir()) == [
        "manifest.fingerprint",
        "manifest.json",
        "partial_parse.msgpack",
    ]
    return load.defs()


@pytest.mark.usefixtures("definitions")
def test_the_documentation_opens_on_an_overview_of_its_own() -> None:
    found = manifest.read_manifest()
    (overview,) = (
        each["block_contents"]
        for each in found["docs"].values()
        if (each["package_name"], each["name"]) == ("orderpulse", "__overview__")
    )
    relations = [*found["nodes"].values(), *found["sources"].values()]
    tables = {each["name"] for each in relations if each["resource_type"] in ("model", "source")}
    assert "v_kpi_1h" in tables
    assert {name for name in tables if f"`{name}`" not in overview} == set()


def run(definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, **how: Any) -> Any:
    return definitions.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **how)


def failed_checks(result: dg.ExecuteInProcessResult) -> set[str]:
    return {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}


@pytest.mark.slow
def test_views_are_built_tested_and_documented_although_a_row_is_wrong_until_it_is_repaired(
    definitions: dg.Definitions, instance: dg.DagsterInstance, connection: Connection, site: Path
) -> None:
    connection.execute(BAD_ROW)
    connection.execute(TOTAL)
    built = run(definitions, instance, "dbt_build")
    assert built.success, "a wrong row does not keep the views from being built"
    names = {event.asset_key.to_user_string() for event in built.get_asset_materialization_events()}
    assert names == {f"v_kpi_{kind}{span}" for kind in ("", "by_currency_") for span in ("15m", "1h", "24h")}
    assert connection.execute("SELECT total_orders FROM v_kpi_15m").fetchone() == (-1,)
    assert FAILING_TEST in failed_checks(built)
    assert len(built.get_asset_check_evaluations()) > 60
    for shown in built.asset_materializations_for_node("dbt_views"):
        columns = shown.metadata["dagster/column_schema"].value.columns
        assert "?" not in {column.type for column in columns}, "types from the database"
        lineage = shown.metadata["dagster/column_lineage"].value
        assert set(lineage.deps_by_column) == {column.name for column in columns}
    check_no_other_host_is_asked(site)

    tested = run(definitions, instance, "dbt_test")
    assert not tested.success
    assert FAILING_TEST in failed_checks(tested)

    connection.execute("UPDATE kpi_1m_by_currency SET orders_created = 1")
    connection.execute("UPDATE kpi_1m SET orders_created = 1")
    repaired = run(definitions, instance, "dbt_test")
    assert repaired.success
    assert failed_checks(repaired) == set()
    assert repaired.get_asset_materialization_events() == [], "it builds nothing"


def check_no_other_host_is_asked(site: Path) -> None:
    """The page loads no script, style, font or picture from elsewhere; its data lie beside it.

    Its own tracker starts only where the manifest says that usage is reported.
    """
    page = (site / "index.html").read_text(encoding="utf-8")
    assert (site / "catalog.json").exists()
    assert manifest.read_manifest()["metadata"]["send_anonymous_usage_stats"] is False
    assert re.findall(r"track:([\w.]+)", page) == ["p.send_anonymous_usage_stats"]
    loads = re.findall(
        r"<(?:script|link|img|iframe)[^>]*?(?:src|href)\s*=\s*[\"']?(?:https?:)?//[^>]*>", page
    )
    assert loads == []
