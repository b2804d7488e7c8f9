"""Bring the database to the newest revision. Safe to run at any time, also concurrently."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import psycopg
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.rows import TupleRow
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from core import postgres
from core.errors import DatabaseError
from core.postgres_refusals import reason_of, refusal
from core.settings import PostgresSettings

SCRIPTS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_304_561
"""Key of the advisory lock that lets one migration run at a time."""


def migrate(settings: PostgresSettings, revision: str | None = None) -> tuple[str | None, str]:
    """Apply missing revisions up to `revision` (None: the newest), in one transaction.

    Returns the revision before and after. Raises `DatabaseError` if the database cannot be reached.
    """
    config = _config()
    wanted = revision or ScriptDirectory.from_config(config).get_current_head()
    assert wanted is not None, "the package holds migrations"
    with _begin(settings) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        before = MigrationContext.configure(connection).get_current_revision()
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)
    return before, wanted


def known_revisions() -> list[str]:
    """The revisions in this code, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


@contextmanager
def _begin(settings: PostgresSettings) -> Iterator[Connection]:
    url = postgres.uri(settings).replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        with create_engine(url, poolclass=NullPool).begin() as connection:
            yield connection
    except OperationalError as error:
        cause = error.orig or error
        advice = "" if refusal(cause, settings) else " Is it running? See `orderpulse status`."
        raise DatabaseError(
            f"The database at {settings.host}:{settings.port} cannot be migrated: "
            f"{reason_of(cause, settings)}.{advice}"
        ) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"The user {settings.user} may not migrate the database {settings.database}: {error.diag.message_primary}. "
            "Its owner may; an administrator must first create missing roles (docs/roles.md)."
        ) from None


def sql_upgrade(migration: str) -> Callable[[], None]:
    """The function `upgrade` of the file `migration`: it runs the `.sql` file beside it as it stands.

    Through psycopg, where a statement without parameters may contain any `%`; SQLAlchemy
    always passes a (possibly empty) list of them.
    """

    def upgrade() -> None:
        driver = cast("psycopg.Connection[TupleRow]", op.get_bind().connection.driver_connection)
        driver.execute(Path(migration).with_suffix(".sql").read_bytes())

    return upgrade
