"""Whole databases of the server: create, swap by renaming, drop."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from core import postgres
from core.errors import DatabaseError
from core.settings import PostgresSettings, Settings
from stack.host.waiting import wait_until
from stack.servers.postgres import server as postgres_server

Connection = psycopg.Connection[Any]
SESSIONS_TIMEOUT_S = 10.0
KEPT = "_before_"

OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = ANY(%s) AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
SESSION_USERS = """
    SELECT DISTINCT usename FROM pg_stat_activity
    WHERE datname = ANY(%s) AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def of_database(settings: Settings, name: str) -> Settings:
    """The settings with another database."""
    return settings.model_copy(update={"postgres": settings.postgres.model_copy(update={"database": name})})


def kept_name(database: str, now: datetime) -> str:
    """Name under which a replaced database is kept."""
    return f"{database}{KEPT}{now:%Y%m%d_%H%M%S}"


@contextmanager
def administration(settings: Settings) -> Iterator[Connection]:
    """An autocommit connection to manage databases: as superuser of our own server, else as the settings' user.

    Raises `DatabaseError` if the server does not respond or refuses.
    """
    try:
        with postgres.connect(_administrator(settings), autocommit=True) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise DatabaseError(
            f"PostgreSQL at {settings.postgres.host}:{settings.postgres.port} failed: "
            f"{str(error).strip().splitlines()[-1]}. `orderpulse up --only postgres,kafka` starts only the servers."
        ) from None
    except psycopg.Error as error:
        raise DatabaseError(f"PostgreSQL refused: {str(error).strip()}") from None


def exists(connection: Connection, name: str) -> bool:
    """Whether there is a database of that name."""
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def create(settings: Settings, name: str) -> None:
    """Create an empty database with the owner and rights that `up` gives it."""
    if _is_ours(settings):
        postgres_server.ensure_database(of_database(settings, name))
        return
    with administration(settings) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop(connection: Connection, name: str) -> None:
    """Drop a database, if it exists, and end its sessions."""
    if exists(connection, name):
        # Not WITH (FORCE), which only a superuser may use while autovacuum runs.
        wait_until(lambda: _ended(connection, [name]), SESSIONS_TIMEOUT_S)
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def kept_databases(connection: Connection, database: str) -> list[str]:
    """The databases kept by `swap`, oldest first."""
    pattern = database.replace("_", r"\_") + KEPT.replace("_", r"\_") + "%"
    rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1", (pattern,))
    return [str(row[0]) for row in rows.fetchall()]


def swap(connection: Connection, new: str, current: str, kept: str) -> None:
    """Replace the database `current` by `new`, and keep it as `kept` if it exists.

    Both renames are one transaction. Sessions on both are ended, and new ones blocked meanwhile. Raises
    `DatabaseError` if one stays; then nothing has changed.
    """
    if not exists(connection, current):
        connection.execute(_renamed(new, current))
        return
    connection.execute(_open(current, "false"))
    try:
        if not wait_until(lambda: _ended(connection, [new, current]), SESSIONS_TIMEOUT_S):
            names = [str(name) for (name,) in connection.execute(SESSION_USERS, ([new, current],))]
            raise DatabaseError(
                f"{current} is still used by {', '.join(names)}, whose sessions cannot be ended."
            )
        with connection.transaction():
            connection.execute(_renamed(current, kept))
            connection.execute(_renamed(new, current))
    except BaseException:
        connection.execute(_open(current, "true"))
        raise
    connection.execute(_open(kept, "true"))


def _ended(connection: Connection, names: list[str]) -> bool:
    connection.execute(OTHERS, (names,))
    return connection.execute(SESSION_USERS, (names,)).fetchone() is None


def _renamed(old: str, new: str) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))


def _open(name: str, value: str) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), sql.SQL(value))


def _is_ours(settings: Settings) -> bool:
    """Whether `orderpulse up` runs the server, so that we have its superuser."""
    return (postgres_server.cluster_home(settings) / "superuser_password").exists()


def _administrator(settings: Settings) -> PostgresSettings:
    if _is_ours(settings):
        return postgres_server.superuser_settings(settings)
    return settings.postgres.model_copy(update={"database": "postgres"})
