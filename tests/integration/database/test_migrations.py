"""Migrations against a real server: from nothing to head, again, and two at once."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from core import postgres, tables
from core.errors import DatabaseError
from core.settings import PostgresSettings
from core.tables import Relation
from database import migrate
from database.reconcile import differing_windows
from tests.platform_rows import current_revision

RELATIONS = [each for each in vars(tables).values() if isinstance(each, tables.Relation)]


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


def test_an_unreachable_database_is_reported() -> None:
    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1:1 cannot be migrated"):
        migrate(PostgresSettings(host="127.0.0.1", port=1))


COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema || '.' || table_name = %s
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
    found = [name for (name,) in connection.execute(COLUMNS, (qualified,))]
    assert set(found) == set(relation.columns), "later columns come last in a table"
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
    ("events_clean", "payment_method"): "character varying(30)",
    ("kpi_1m", "revenue"): "numeric(28,2)",
    ("kpi_1m", "orders_created"): "integer",
    ("kpi_1m", "success_rate"): "numeric(5,2)",
    ("kpi_1m_by_currency", "order_value"): "numeric(28,2)",
    ("kpi_1m_detail", "failure_reason"): "character varying(30)",
    ("kpi_1m_detail", "refunded"): "numeric(28,2)",
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


VIEWS = (
    "CREATE VIEW v_test_kpi AS SELECT window_start, revenue FROM kpi_1m_by_currency",
    "CREATE VIEW v_test_total AS SELECT sum(revenue) AS revenue FROM v_test_kpi",
    "COMMENT ON VIEW v_test_total IS 'All of it'",
    "GRANT SELECT ON v_test_total TO api_read",
)


def test_sums_are_widened_below_views_which_stay_with_rights_and_comments(
    empty_database: PostgresSettings,
) -> None:
    migrate(empty_database, "0007")
    with postgres.connect(empty_database, autocommit=True) as connection:
        for statement in VIEWS:
            connection.execute(statement.encode())
        row = "INSERT INTO kpi_1m_by_currency (window_start, currency, window_end, revenue) VALUES (now(), %s, now(), %s)"
        connection.execute(row, ("USD", 10**15))
        migrate(empty_database)
        connection.execute(row, ("VND", 10**22))
        kept = connection.execute(
            "SELECT revenue, obj_description('v_test_total'::regclass), has_table_privilege('api_read', 'v_test_total', "
            "'SELECT') FROM v_test_total"
        ).fetchone()
    assert kept == (10**15 + 10**22, "All of it", True)


def test_views_of_dbts_own_user_are_left_to_dbt_and_what_stands_on_them_is_named(
    empty_database: PostgresSettings,
) -> None:
    migrate(empty_database, "0007")
    user = f"dbt_{uuid.uuid4().hex[:8]}"
    with postgres.connect(empty_database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'builder' IN ROLE dbt".encode())
        as_dbt = empty_database.model_copy(update={"user": user, "password": SecretStr("builder")})
        with postgres.connect(as_dbt, autocommit=True) as builder:
            builder.execute("CREATE VIEW v_kpi_test AS SELECT revenue FROM kpi_1m")
            builder.execute(f"GRANT SELECT ON v_kpi_test TO {empty_database.user}".encode())
        connection.execute("CREATE VIEW of_an_analyst AS SELECT revenue FROM v_kpi_test")
        with pytest.raises(
            psycopg.errors.RaiseException, match="The view of_an_analyst stands on a view of dbt"
        ):
            migrate(empty_database)
        connection.execute("DROP VIEW of_an_analyst")
        migrate(empty_database)
        assert connection.execute("SELECT to_regclass('v_kpi_test')").fetchone() == (None,)
        connection.execute(f"DROP ROLE {user}".encode())


def test_a_materialized_view_that_is_in_the_way_is_named(empty_database: PostgresSettings) -> None:
    migrate(empty_database, "0007")
    with postgres.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE MATERIALIZED VIEW totals AS SELECT sum(revenue) FROM kpi_1m")
        with pytest.raises(
            psycopg.errors.RaiseException, match="The materialized view totals stands on the KPIs"
        ):
            migrate(empty_database)
    assert current_revision(empty_database) == "0007"


OF_BEFORE = (
    """
    INSERT INTO events_clean
    SELECT 'e' || n, '2026-03-01T09:00:30Z', 'payment_success', 'O', 'U', n, 'USD', 'success'
    FROM generate_series(1, 3) AS n
    """,
    """
    INSERT INTO kpi_1m_by_currency (window_start, window_end, currency, revenue, payment_success)
    VALUES ('2026-03-01T09:00Z', '2026-03-01T09:01Z', 'USD', 6, 3), ('2025-03-01T09:00Z', '2025-03-01T09:01Z', 'VND', 9, 1)
    """,
    """
    INSERT INTO kpi_1m (window_start, window_end, revenue, payment_success, success_rate)
    SELECT window_start, window_end, revenue, payment_success, 100 FROM kpi_1m_by_currency
    """,
)


def test_the_optional_fields_of_what_was_there_are_unknown_and_its_kpis_agree(
    empty_database: PostgresSettings,
) -> None:
    """The rows of the events are not written again, and a minute whose events are gone keeps its KPIs."""
    place = (
        "SELECT pg_relation_filenode('events_clean'), array_agg(xmin::text || ctid::text) FROM events_clean"
    )
    migrate(empty_database, "0009")
    with postgres.connect(empty_database, autocommit=True) as connection:
        for statement in OF_BEFORE:
            connection.execute(statement.encode())
        before = connection.execute(place).fetchone()
        migrate(empty_database)
        assert connection.execute(place).fetchone() == before
        unknown = "('', '', '', '') = (payment_method, channel, country, failure_reason)"
        assert connection.execute(f"SELECT bool_and({unknown}) FROM events_clean".encode()).fetchone() == (
            True,
        )
        kept = connection.execute(
            f"SELECT currency, revenue, payment_success, {unknown} FROM kpi_1m_detail ORDER BY 1".encode()
        ).fetchall()
        assert kept == [("USD", 6, 3, True), ("VND", 9, 1, True)]
        march = datetime(2026, 3, 1, tzinfo=UTC)
        assert differing_windows(connection, march, march + timedelta(days=1)) == []
