"""Bring the database to the newest revision. Safe to run at any time, by several at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.rows import TupleRow
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from core import postgres
from core.errors import DatabaseError
from core.settings import PostgresSettings

__all__ = ["current_revision", "migrate"]

SCRIPTS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_304_561
"""Key of the advisory lock that lets one migration run at a time."""


def migrate(settings: PostgresSettings) -> tuple[str | None, str]:
    """Apply what is missing, in one transaction. Returns the revision before and after.

    Raises `DatabaseError` when the database cannot be reached.
    """
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None, "the package holds migrations"
    with _begin(settings) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        before = MigrationContext.configure(connection).get_current_revision()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, head


def current_revision(settings: PostgresSettings) -> str | None:
    """Revision that the database is at; None when it was never migrated."""
    with _begin(settings) as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _begin(settings: PostgresSettings) -> Iterator[Connection]:
    url = postgres.uri(settings).replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        with create_engine(url, poolclass=NullPool).begin() as connection:
            yield connection
    except OperationalError as error:
        raise DatabaseError(
            f"The database at {settings.host}:{settings.port} cannot be migrated: "
            f"{str(error.orig).strip().splitlines()[-1]}. Is it running? See `orderpulse status`."
        ) from None


def apply_sql(connection: Connection, name: str) -> None:
    """Run `migrations/versions/<name>.sql` as it stands.

    Through psycopg itself, where a statement without parameters may hold any `%`; SQLAlchemy
    always passes a (possibly empty) list of them.
    """
    script = (SCRIPTS / "versions" / f"{name}.sql").read_bytes()
    driver = cast("psycopg.Connection[TupleRow]", connection.connection.driver_connection)
    driver.execute(script)
