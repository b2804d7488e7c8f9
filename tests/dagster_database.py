"""A database with Dagster's own schema."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage
from psycopg import sql

from core import postgres
from core.settings import PostgresSettings


@contextmanager
def empty_database(server: PostgresSettings) -> Iterator[PostgresSettings]:
    """A fresh database on `server` without a table."""
    own = server.model_copy(update={"database": f"dagster_{uuid.uuid4().hex}"})
    name = sql.Identifier(own.database)
    with postgres.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield own
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def dagster_database(server: PostgresSettings) -> Iterator[PostgresSettings]:
    """The same with the tables of Dagster."""
    with empty_database(server) as own:
        address = postgres.uri(own).replace("postgresql:", "postgresql+psycopg2:", 1)
        for storage in (PostgresRunStorage, PostgresEventLogStorage, PostgresScheduleStorage):
            storage.create_clean_storage(address).dispose()
        yield own
