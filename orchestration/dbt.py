"""dbt as a resource: the program beside this interpreter, on this project.

dbt reads the database's place and password from the environment (`dbt_project/profiles.yml`), which
whoever starts Dagster's processes writes out in full.
"""

import sys
from pathlib import Path

from dagster_dbt import DbtCliResource

from orchestration.manifest import PROJECT, TARGET

__all__ = ["WORK", "dbt_resource"]

WORK = TARGET / "dagster"
"""Where Dagster's runs of dbt write, apart from what the code reads and the docs server serves."""


def dbt_resource() -> DbtCliResource:
    """A handle on dbt's command line. Sends nothing to anyone."""
    return DbtCliResource(
        project_dir=PROJECT,
        profiles_dir=PROJECT,
        dbt_executable=Path(sys.executable).with_name("dbt"),
        global_config_flags=["--no-send-anonymous-usage-stats", "--no-use-colors"],
    )
