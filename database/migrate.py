"""Bring the database to the newest revision. Safe to run at any time, by several at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
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


def _begin(settings: PostgresSettings):  # type: ignore[no-untyped-def]  # SQLAlchemy gives its context manager no public type
    url = postgres.uri(settings).replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        return create_engine(url, poolclass=NullPool).begin()
    except OperationalError as error:
        raise DatabaseError(f"The database cannot be migrated: {error.orig}") from None


def apply_sql(connection: Connection, name: str) -> None:
    """Run `migrations/versions/<name>.sql` as it stands (no parameter is substituted)."""
    connection.exec_driver_sql((SCRIPTS / "versions" / f"{name}.sql").read_text(encoding="utf-8"))
