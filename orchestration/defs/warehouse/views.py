"""The dbt views as assets: built, tested and documented by dbt."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from core.kpis import MEASURES, RATES
from core.tables import KPI_1M, KPI_1M_BY_CURRENCY
from orchestration.dbt import WORK
from orchestration.defs.warehouse.translator import GROUP, OWNERS, WarehouseTranslator
from orchestration.manifest import TARGET

SITE = ("index.html", "catalog.json", "manifest.json")
TESTS = ("test", "--exclude-resource-type", "unit_test")
"""Selects the data tests; dbt's unit tests run in this project's test suite."""


def views(manifest: Mapping[str, Any], docs_url: str) -> dg.AssetsDefinition:
    """One asset per model, one check per data test."""

    @dbt_assets(manifest=manifest, name="dbt_views", dagster_dbt_translator=WarehouseTranslator(docs_url))
    def dbt_views(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        """Build and test the selection; after a build, rebuild the docs.

        The views are built first and separately: `dbt build` would not build a view while a row of its
        source is wrong. A failed test is a failed check, and fails a run that only tests.
        """
        builds = bool(context.selected_asset_keys)
        if builds:
            run = dbt.cli(["run"], context=context, target_path=WORK).stream()
            # dagster-dbt's column lineage ends at an ephemeral model.
            yield from map(_with_lineage, run.fetch_column_metadata(with_column_lineage=False))
        yield from dbt.cli([*TESTS], context=context, target_path=WORK, raise_on_error=not builds).stream()
        if builds:
            dbt.cli(["docs", "generate"], target_path=WORK).wait()
            _publish_docs()

    return dbt_views


def dashboard_specs(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """dbt's exposures, the readers of the views, as external assets."""
    return [
        dg.AssetSpec(
            exposure["name"],
            deps=[
                dg.AssetKey(manifest["nodes"][node]["name"])
                for node in exposure["depends_on"]["nodes"]
                if node in manifest["nodes"]
            ],
            description=exposure["description"],
            group_name=GROUP,
            owners=OWNERS,
            kinds={exposure["type"]},
        )
        for exposure in manifest["exposures"].values()
    ]


def _with_lineage(event: Any) -> Any:
    if not isinstance(event, dg.Output):
        return event
    lineage = dg.MetadataValue.column_lineage(view_lineage(event.output_name))
    return event.with_metadata({**event.metadata, "dagster/column_lineage": lineage})


def view_lineage(view: str) -> dg.TableColumnLineage:
    """Column lineage of a view: its source columns in the table."""
    table = KPI_1M_BY_CURRENCY if "by_currency" in view else KPI_1M
    made_of = {measure.total: [measure.name] for measure in MEASURES if measure.name in table.columns}
    rates = [rate for rate in RATES if rate.in_kpi_1m or table is KPI_1M_BY_CURRENCY]
    made_of |= {rate.name: [rate.part, *rate.whole] for rate in rates}
    made_of |= {name: ["window_start"] for name in ("window_count", "first_window", "last_window")}
    made_of |= {"currency": ["currency"]} if table is KPI_1M_BY_CURRENCY else {}
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(dg.AssetKey(table.name), source) for source in dict.fromkeys(sources)]
            for column, sources in made_of.items()
        }
    )


def _publish_docs() -> None:
    """Move the site's files to the served folder, each atomically."""
    for name in SITE:
        (WORK / name).replace(TARGET / name)
