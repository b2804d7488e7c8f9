"""dbt: pass arguments through, and build the views once for each state of the project."""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from core import postgres
from core.errors import StackError
from core.settings import Settings
from stack.environment import child_environment
from stack.launch import Launch

__all__ = ["are_built", "build", "dbt"]

SOURCES = ("dbt_project.yml", "models", "macros", "tests")


def dbt(settings: Settings, arguments: Sequence[str]) -> Launch:
    """The dbt command that works on this project and database."""
    environment = child_environment(settings) | {
        "DBT_PROFILES_DIR": str(_project(settings)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return Launch(["dbt", *arguments], environment, _project(settings))


def are_built(settings: Settings) -> bool:
    """Whether the views of this state of the project are in this database already.

    Building them again would lock out their readers for nothing.
    """
    marker = _marker(settings)
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        row = connection.execute("SELECT to_regclass('v_kpi_15m') IS NOT NULL").fetchone()
    return row == (True,) and marker.exists() and marker.read_text(encoding="utf-8") == _fingerprint(settings)


def build(settings: Settings) -> None:
    """Build the views; the tests of the data are `orderpulse dbt build`. Raises `StackError` with dbt's words."""
    launch = dbt(settings, ["--quiet", "run"])
    answer = subprocess.run(
        launch.command, cwd=launch.folder, env=launch.environment, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise StackError(f"dbt could not build the views: {(answer.stdout + answer.stderr).strip()[-1500:]}")
    _marker(settings).write_text(_fingerprint(settings), encoding="utf-8")


def _project(settings: Settings) -> Path:
    return settings.root / "dbt_project"


def _marker(settings: Settings) -> Path:
    return settings.data_dir / "run" / "dbt_built"


def _fingerprint(settings: Settings) -> str:
    database = settings.postgres
    digest = hashlib.sha256(f"{database.host}:{database.port}/{database.database}".encode())
    for source in SOURCES:
        path = _project(settings) / source
        for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(
                file.relative_to(_project(settings)).as_posix().encode() + b"\0" + file.read_bytes()
            )
    return digest.hexdigest()
