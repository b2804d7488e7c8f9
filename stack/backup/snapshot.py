"""One snapshot of the database, from which both the manifest's data and the dump are read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql

from core import postgres
from core.errors import BrokerError, DatabaseError
from core.settings import KafkaSettings, Settings
from core.topic_facts import identify
from database.resume import read_progress
from stack.backup.manifest import Position, Topic
from stack.screen import Screen
from stack.servers.postgres.client import check_version, run_client, server_version

NOT_DUMPED = "public.alembic_version"
"""Not dumped: its one row is in the manifest, and a restore migrates to that revision."""

TABLES = """
    SELECT n.nspname, c.relname, c.relkind IN ('r', 'p') FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'ops') AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1, 2
"""

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Metadata of the dump; see `Manifest`."""

    server: int
    revision: str
    topic: Topic | None
    positions: dict[str, Position]
    rows: dict[str, int]


def dump_snapshot(settings: Settings, dump: Path, screen: Screen) -> Snapshot:
    """Write the dump (only its owner may read it). Raises `DatabaseError` or `StackError` if that fails."""
    topic = _topic(settings.kafka, screen)
    with _snapshot(settings) as (connection, snapshot):
        server, revision = server_version(connection), _revision(connection)
        check_version(settings, server)
        with screen.step("counted the rows"):
            rows, others = count_rows(connection)
        positions = {
            name: Position(offsets=done.offsets, newest=done.newest)
            for name, done in read_progress(connection).items()
        }
        with screen.growing(f"dumped {sum(rows.values()):,} rows", dump) as look:
            os.close(os.open(dump, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            run_client(settings, ["pg_dump", *_options(snapshot, others), f"--file={dump}"], look)
    return Snapshot(server, revision, topic, positions, rows)


def count_rows(connection: Connection) -> tuple[dict[str, int], list[str]]:
    """Rows by table, and pg_dump patterns for the views, which dbt rebuilds."""
    rows, views = {}, []
    for schema, name, is_table in connection.execute(TABLES).fetchall():
        if not is_table:
            views.append(f'"{schema}"."{name}"')
        elif f"{schema}.{name}" != NOT_DUMPED:
            count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
            row = connection.execute(count).fetchone()
            rows[f"{schema}.{name}"] = row[0] if row else 0
    return rows, views


def _revision(connection: Connection) -> str:
    row = connection.execute("SELECT to_regclass('public.alembic_version') IS NOT NULL").fetchone()
    found = (
        connection.execute("SELECT version_num FROM alembic_version").fetchone() if row == (True,) else None
    )
    if found is None:
        raise DatabaseError("The database was never migrated, so there is nothing to back up.")
    return str(found[0])


def _options(snapshot: str, others: list[str]) -> list[str]:
    """Options of pg_dump. Little compression: more takes longer than the rest together."""
    left_out = [f"--exclude-table={name}" for name in others]
    schemas = ["--schema=public", "--schema=ops", f"--exclude-table-data={NOT_DUMPED}"]
    return ["--format=custom", "--compress=1", "--no-password", f"--snapshot={snapshot}", *schemas, *left_out]


@contextmanager
def _snapshot(settings: Settings) -> Iterator[tuple[Connection, str]]:
    """A transaction that sees one moment, and the name under which pg_dump sees the same."""
    try:
        with postgres.connect(settings.postgres) as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None, "a function has a value"
            yield connection, str(row[0])
    except psycopg.Error as error:
        raise DatabaseError(f"The database could not be read: {str(error).strip()}") from None


def _topic(settings: KafkaSettings, screen: Screen) -> Topic | None:
    try:
        found = identify(settings)
    except BrokerError as error:
        screen.say(
            f"  Kafka does not respond, so the backup does not record the topic of its offsets: {error}"
        )
        return None
    return Topic(name=settings.topic, cluster_id=found.cluster_id, topic_id=found.topic_id)
