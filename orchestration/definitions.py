"""The code location: everything below `orchestration/defs`."""

from pathlib import Path

import dagster as dg

__all__ = ["defs"]


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, jobs, sensors, schedules and resources."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
