"""dbt as a resource: this environment's program, on this project.

dbt reads the database's address and password from the environment (`dbt_project/profiles.yml`), which
the starter of Dagster's processes sets completely.
"""

import sys
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from orchestration.manifest import PROJECT, TARGET
from orchestration.worker import show_worker

WORK = TARGET / "dagster"
"""Output folder of dbt in Dagster's runs, separate from the files that the code reads and the docs server serves."""


class DbtResource(DbtCliResource):
    """dbt's command line; the run that uses it takes its worker's lock."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Called by Dagster in the process that will use it."""
        super().setup_for_execution(context)
        show_worker(context)


def dbt_resource() -> DbtResource:
    """A handle on dbt's command line. Sends no usage statistics."""
    return DbtResource(
        project_dir=str(PROJECT),
        profiles_dir=str(PROJECT),
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
        global_config_flags=["--no-send-anonymous-usage-stats", "--no-use-colors"],
    )
