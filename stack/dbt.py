"""dbt on this project and database."""

from collections.abc import Sequence
from pathlib import Path

from core.settings import Settings
from stack.environment import child_environment
from stack.identities import as_identity
from stack.launch import Launch

__all__ = ["dbt"]


def dbt(settings: Settings, arguments: Sequence[str]) -> Launch:
    """The dbt command that works on this project and database."""
    environment = child_environment(as_identity(settings, "dbt")) | {
        "DBT_PROFILES_DIR": str(_project(settings)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return Launch(["dbt", *arguments], environment, _project(settings))


def _project(settings: Settings) -> Path:
    return settings.root / "dbt_project"
