"""The schema of Dagster's own database, which an upgrade of Dagster may change."""

import re
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg

from core import postgres
from core.errors import StackError
from core.settings import PostgresSettings, Settings
from stack.secure.identities import as_identity
from stack.servers.dagster import home as dagster_home

REVISION = re.compile(r'^(down_)?revision = "(\w+)"', re.MULTILINE)
HAS_TABLES = "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
CURRENT = "SELECT version_num FROM alembic_version"


def migrate(settings: Settings) -> tuple[str, str] | None:
    """Bring Dagster's database to the revision of the installed Dagster, as `dagster instance migrate` does.

    Returns the revisions before and after; None if there was nothing to do, or Dagster has no tables yet.
    Call it before a process of Dagster starts. Raises `StackError`.
    """
    own = as_identity(settings, "dagster").postgres.model_copy(update={"database": settings.dagster.database})
    before, after = _revision(own), newest_revision()
    if before is None or before == after:
        return None
    dagster_home.prepare(settings)
    answer = subprocess.run(
        [sys.executable, "-m", "dagster", "instance", "migrate"],
        cwd=settings.root,
        env=dagster_home.dagster_environment(as_identity(settings, "dagster")),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0 or _revision(own) != after:
        raise StackError(
            f"Dagster's database {own.database} is at revision {before} and could not be brought to {after}, the revision of Dagster "
            f"{version('dagster')}. If a newer Dagster created it, install that version again, or restore a backup. "
            f"Dagster's output: {(answer.stdout + answer.stderr).strip()[-1000:]}"
        )
    return before, after


def newest_revision() -> str:
    """The newest revision of the installed Dagster, read from its files, since importing Dagster takes seconds."""
    spec = find_spec("dagster")
    assert spec is not None, "it is installed"
    assert spec.submodule_search_locations is not None, "it is a package"
    folder = Path(spec.submodule_search_locations[0]) / "_core" / "storage" / "alembic" / "versions"
    found: list[tuple[str, str]] = [
        each for path in folder.glob("*.py") for each in REVISION.findall(path.read_text(encoding="utf-8"))
    ]
    replaced = {revision for down, revision in found if down}
    (newest,) = {revision for down, revision in found if not down} - replaced
    return newest


def _revision(database: PostgresSettings) -> str | None:
    try:
        with postgres.connect(database, autocommit=True) as connection:
            if connection.execute(HAS_TABLES).fetchone() is None:
                return None
            row = connection.execute(CURRENT).fetchone()
    except psycopg.OperationalError as error:
        raise StackError(
            f"Dagster's database {database.database} does not respond: {str(error).strip()}"
        ) from None
    return None if row is None else str(row[0])
