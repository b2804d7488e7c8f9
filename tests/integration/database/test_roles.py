"""Each role may do its work and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

Connection = psycopg.Connection[tuple[object, ...]]

INSERT_KPI = "INSERT INTO kpi_1m (window_start, window_end) VALUES (now(), now())"
INSERT_BATCH = """
    INSERT INTO ops.stream_batch VALUES (gen_random_uuid(), 0, 'events_clean', '{}', '{}', 0, 0, 0, 0, 0, NULL, '{}')
"""
INSERT_REJECTED = """
    INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason)
    VALUES ('t', 0, 0, now(), 'not_json')
"""

ALLOWED = {
    "spark_writer": (
        INSERT_KPI,
        f"{INSERT_KPI} ON CONFLICT (window_start) DO UPDATE SET revenue = 1",
        INSERT_BATCH,
        INSERT_REJECTED,
        "INSERT INTO ops.heartbeat (name, pid, started_at) VALUES ('spark_stream', 1, now())",
        "SELECT desired, rate FROM ops.service",
        "CREATE TEMPORARY TABLE staging (id text)",
        "SELECT pg_notify('orderpulse', '{}')",
        "DELETE FROM kpi_1m_by_currency",
        "DELETE FROM kpi_1m_detail",
        "LOCK TABLE kpi_1m_detail, kpi_1m_by_currency, kpi_1m IN SHARE ROW EXCLUSIVE MODE",
        "UPDATE ops.stream_batch SET healed_at = now()",
    ),
    "generator": (
        "SELECT rate FROM ops.service",
        "INSERT INTO ops.heartbeat (name, pid, started_at) VALUES ('generator', 1, now())",
    ),
    "dbt": (
        "SELECT * FROM kpi_1m, kpi_1m_by_currency, kpi_1m_detail, events_clean",
        "CREATE VIEW v_test AS SELECT * FROM kpi_1m",
    ),
    "api_read": (
        "SELECT * FROM events_clean",
        "SELECT * FROM kpi_1m_by_currency, kpi_1m_detail",
        "SELECT * FROM ops.events_rejected",
        "SELECT * FROM ops.heartbeat",
    ),
    "dagster": (
        "UPDATE ops.service SET desired = 'stopped'",
        "DELETE FROM ops.events_rejected",
        "DELETE FROM kpi_1m",
        "DELETE FROM kpi_1m_detail",
        "SELECT * FROM ops.stream_batch",
    ),
}
REFUSED = {
    "spark_writer": (
        "DELETE FROM events_clean",
        "UPDATE events_clean SET amount = 0",
        "UPDATE ops.stream_batch SET records_read = 0",
        "TRUNCATE events_clean",
        "DROP TABLE events_clean",
        "ALTER TABLE kpi_1m ADD COLUMN x int",
        "DELETE FROM ops.stream_batch",
        "UPDATE ops.service SET desired = 'stopped'",
        "CREATE TABLE public.mine (id int)",
        "CREATE TABLE ops.mine (id int)",
    ),
    "generator": (
        "SELECT 1 FROM public.events_clean",
        "SELECT 1 FROM ops.events_rejected",
        "UPDATE ops.service SET rate = 1000",
    ),
    "dbt": (
        INSERT_KPI,
        "DELETE FROM kpi_1m",
        "DELETE FROM kpi_1m_detail",
        "DROP TABLE kpi_1m",
        "SELECT * FROM ops.events_rejected",
        "CREATE TABLE ops.mine (id int)",
    ),
    "api_read": (
        INSERT_KPI,
        INSERT_REJECTED,
        "UPDATE ops.service SET desired = 'stopped'",
        "DELETE FROM events_clean",
        "CREATE VIEW v_test AS SELECT 1",
    ),
    "dagster": (
        "UPDATE events_clean SET amount = 0",
        INSERT_BATCH,
        "DROP TABLE events_clean",
        "TRUNCATE kpi_1m",
        "CREATE TABLE public.mine (id int)",
    ),
}


@contextmanager
def acting_as(connection: Connection, role: str) -> Iterator[None]:
    """Run the block with the rights of `role`, then undo what it did."""
    name = sql.Identifier(role)
    with connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(name))
        yield


@pytest.mark.parametrize(
    ("role", "statement"), [(role, text) for role, texts in ALLOWED.items() for text in texts]
)
def test_a_role_may_do_its_work(connection: Connection, role: str, statement: str) -> None:
    with acting_as(connection, role):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("role", "statement"), [(role, text) for role, texts in REFUSED.items() for text in texts]
)
def test_a_role_may_do_nothing_else(connection: Connection, role: str, statement: str) -> None:
    with acting_as(connection, role), pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


def test_no_role_can_log_in_by_itself(connection: Connection) -> None:
    logins = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname = ANY(%s)", (list(ALLOWED),)
    ).fetchall()
    assert logins == []
