"""dbt on this project and database."""

from collections.abc import Sequence
from pathlib import Path

from core.settings import Settings
from stack.host.environment import child_environment
from stack.host.launch import Launch
from stack.secure.identities import as_identity


def dbt(settings: Settings, arguments: Sequence[str]) -> Launch:
    """The dbt command for this project and database."""
    environment = child_environment(as_identity(settings, "dbt")) | {
        "DBT_PROFILES_DIR": str(_project(settings)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return Launch(["dbt", *arguments], environment, _project(settings))


def _project(settings: Settings) -> Path:
    return settings.root / "dbt_project"
