"""Maps dbt's nodes to Dagster's assets and checks."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

GROUP = "warehouse"
OWNERS = ["team:data-platform"]


class WarehouseTranslator(DagsterDbtTranslator):
    """Views in the group `warehouse`, with a link to their page of the docs; tests of sources as checks.

    Sources are the stream's tables: `meta.dagster.asset_key` in the project names their asset.
    """

    def __init__(self, docs_url: str) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True, enable_source_metadata=False)
        )
        self._docs_url = docs_url

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The group of dbt's models."""
        return GROUP if dbt_resource_props["resource_type"] == "model" else None

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:  # noqa: ARG002  # dagster-dbt's signature
        """The owners."""
        return OWNERS

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """dbt's metadata and the address of the docs page."""
        page = f"{self._docs_url}/#!/{dbt_resource_props['resource_type']}/{dbt_resource_props['unique_id']}"
        return {**super().get_metadata(dbt_resource_props), "documentation": dg.MetadataValue.url(page)}

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """A test as a non-blocking check, since views also show wrong data."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        what = f"dbt's test {unique_id.split('.')[2]} of {asset_spec.key.to_user_string()}."
        remedy = (
            "If it fails, look for the rows with `orderpulse dbt test --store-failures`, "
            "recompute their hours with the job backfill_kpis, then run the job dbt_test."
        )
        return spec._replace(description=f"{what} {remedy}", blocking=False)
