"""The dbt views as assets: built, tested and documented by dbt."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from orchestration.dbt import WORK
from orchestration.defs.warehouse.translator import GROUP, OWNERS, WarehouseTranslator
from orchestration.manifest import TARGET

__all__ = ["dashboard_specs", "views"]

SITE = ("index.html", "catalog.json", "manifest.json")
TESTS = ("test", "--exclude-resource-type", "unit_test")
"""The tests of the data; those of the models' logic are the project's own tests' business."""


def views(manifest: Mapping[str, Any], docs_url: str) -> dg.AssetsDefinition:
    """One asset a model, one check a test of the data."""

    @dbt_assets(manifest=manifest, name="dbt_views", dagster_dbt_translator=WarehouseTranslator(docs_url))
    def dbt_views(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        """Build what is selected, test it, and with a build make the docs anew.

        The views come first and on their own: `dbt build` would not build a view while a row of its
        source is wrong. A test that fails is a failed check, and fails a run that only tests.
        """
        builds = bool(context.selected_asset_keys)
        if builds:
            yield from dbt.cli(["run"], context=context, target_path=WORK).stream().fetch_column_metadata()
        yield from dbt.cli([*TESTS], context=context, target_path=WORK, raise_on_error=not builds).stream()
        if builds:
            dbt.cli(["docs", "generate"], target_path=WORK).wait()
            _publish_docs()

    return dbt_views


def dashboard_specs(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """dbt's exposures as external assets: who reads the views."""
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


def _publish_docs() -> None:
    """Move the site's files to where they are served, each at once."""
    for name in SITE:
        (WORK / name).replace(TARGET / name)
