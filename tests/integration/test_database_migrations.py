"""Migrations against a real server: from nothing to head, again, and two at once."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

from core import postgres
from core.errors import DatabaseError
from core.settings import PostgresSettings
from core.tables import RELATIONS, Relation
from database import current_revision, migrate


@pytest.fixture
def empty_database(postgres_server: PostgresSettings) -> Iterator[PostgresSettings]:
    """A database that was never migrated."""
    name = f"empty_{uuid.uuid4().hex}"
    with postgres.connect(postgres_server, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_server.model_copy(update={"database": name})
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_an_empty_database_comes_to_head_and_stays(empty_database: PostgresSettings) -> None:
    assert current_revision(empty_database) is None
    before, head = migrate(empty_database)
    assert before is None
    assert current_revision(empty_database) == head
    assert migrate(empty_database) == (head, head)


def test_two_migrations_at_once_do_the_work_once(empty_database: PostgresSettings) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(migrate, [empty_database, empty_database]))
    head = current_revision(empty_database)
    assert head is not None
    assert sorted(results, key=str) == [(head, head), (None, head)]


def test_a_second_migration_keeps_the_rows(database: PostgresSettings) -> None:
    with postgres.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE ops.service SET desired = 'stopped' WHERE name = 'generator'")
        migrate(database)
        kept = connection.execute("SELECT desired FROM ops.service WHERE name = 'generator'").fetchone()
    assert kept == ("stopped",)


def test_an_unreachable_database_is_told_in_words() -> None:
    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1:1 cannot be migrated"):
        migrate(PostgresSettings(host="127.0.0.1", port=1))


COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema || '.' || table_name = %s ORDER BY ordinal_position
"""
KEY = """
    SELECT usage.column_name
    FROM information_schema.table_constraints AS con
    JOIN information_schema.key_column_usage AS usage USING (constraint_schema, constraint_name)
    WHERE con.constraint_type = 'PRIMARY KEY' AND con.table_schema || '.' || con.table_name = %s
    ORDER BY usage.ordinal_position
"""


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_columns_and_key_are_those_in_core(
    connection: psycopg.Connection[tuple[object, ...]], relation: Relation
) -> None:
    qualified = relation.name if "." in relation.name else f"public.{relation.name}"
    assert tuple(name for (name,) in connection.execute(COLUMNS, (qualified,))) == relation.columns
    assert tuple(name for (name,) in connection.execute(KEY, (qualified,))) == relation.key


def test_core_knows_every_table(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    found = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_schema IN ('public', 'ops') AND table_name != 'alembic_version'"
    ).fetchall()
    names = {table if schema == "public" else f"{schema}.{table}" for schema, table in found}
    assert names == {relation.name for relation in RELATIONS}


def test_every_time_has_a_zone(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    without = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema IN ('public', 'ops') AND data_type = 'timestamp without time zone'"
    ).fetchall()
    assert without == []


TYPES = {
    ("events_clean", "id"): "character varying(50)",
    ("events_clean", "event_type"): "character varying(50)",
    ("events_clean", "amount"): "numeric(15,2)",
    ("events_clean", "currency"): "character varying(10)",
    ("events_clean", "status"): "character varying(20)",
    ("kpi_1m", "revenue"): "numeric(18,2)",
    ("kpi_1m", "orders_created"): "integer",
    ("kpi_1m", "success_rate"): "numeric(5,2)",
    ("kpi_1m_by_currency", "order_value"): "numeric(18,2)",
    ("ops.events_rejected", "payload"): "bytea",
    ("ops.stream_batch", "offsets_to"): "jsonb",
}


@pytest.mark.parametrize(("table", "column"), TYPES)
def test_types_are_the_contract(
    connection: psycopg.Connection[tuple[object, ...]], table: str, column: str
) -> None:
    found = connection.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attname = %s",
        (table, column),
    ).fetchone()
    assert found == (TYPES[table, column],)


INDEXES = {
    "events_clean": {"event_time DESC", "event_type", "order_id", "id"},
    "kpi_1m": {"window_start DESC", "window_start"},
}


@pytest.mark.parametrize("table", INDEXES)
def test_indexes_are_the_contract(connection: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    definitions = connection.execute(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = %s", (table,)
    ).fetchall()
    assert {str(text).split("(", 1)[1].removesuffix(")") for (text,) in definitions} == INDEXES[table]
