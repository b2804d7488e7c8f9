"""The area `warehouse`, from dbt's manifest."""

import dagster as dg

from core.settings import load_settings
from orchestration import manifest
from orchestration.dbt import dbt_resource
from orchestration.defs.warehouse.sensor import project_sensor
from orchestration.defs.warehouse.views import dashboard_specs, views

DBT_TAGS = {"dbt": "one at a time"}
"""The queue runs one run with this tag at a time."""


@dg.definitions
def defs() -> dg.Definitions:
    """Views, dashboard, jobs, schedule and sensor. Raises `StackError` if there is no manifest."""
    found = manifest.read_manifest()
    built = views(found, load_settings().dagster.docs_page())
    build = dg.define_asset_job(
        "dbt_build",
        selection=dg.AssetSelection.assets(built),
        executor_def=dg.in_process_executor,
        tags=DBT_TAGS,
        description="Builds the dbt views, tests their data and rebuilds the documentation site. A test that "
        "fails shows as a failed check; the views are built anyway.",
    )
    test = dg.define_asset_job(
        "dbt_test",
        selection=dg.AssetSelection.checks(*built.check_keys),
        executor_def=dg.in_process_executor,
        tags=DBT_TAGS,
        description="Runs dbt's data tests without building anything; fails if a test fails.",
    )
    hourly = dg.ScheduleDefinition(
        name="dbt_test_hourly",
        job=test,
        cron_schedule="41 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Once an hour: a dbt run costs about ten seconds of a core.",
    )
    return dg.Definitions(
        assets=[built, *dashboard_specs(found)],
        jobs=[build, test],
        schedules=[hourly],
        sensors=[project_sensor(build.name, manifest.node_ids(found))],
        resources={"dbt": dbt_resource()},
    )
