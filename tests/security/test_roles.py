"""Each process's own user does its work, by the code that does it, and is refused all that is another's."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import dagster as dg
import httpx
import psycopg
import pyarrow as pa
import pytest
from psycopg.errors import InsufficientPrivilege

from api.app import API_PREFIX, create_app
from control.heartbeat import HeartbeatWriter
from core import postgres
from core.settings import PostgresSettings
from core.tables import NOTIFY_CHANNEL
from database import migrate, reconcile
from database.retention import advance_mark, deleted_before
from generator.heartbeat import WANTED
from orchestration.defs.maintenance.purge import ExpiredRows, purge
from spark_jobs.sink import events, kpis
from spark_jobs.sink.writer import _insert_ledger_row, _notify
from spark_jobs.upkeep import reconcile_settled
from stack.secure.identities import IDENTITIES, IdentityName, as_identity, login
from stack.servers.dagster import home as dagster_home
from stack.servers.dbt import dbt
from stack.servers.postgres import server as postgres_server
from tests.api_client import serving
from tests.integration.spark_jobs.test_sink import EVENTS, EXECUTION, NINE, QUERY, event, rejected
from tests.security.secured_postgres import SecuredPostgres, secured_postgres

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def server() -> Iterator[SecuredPostgres]:
    """A server with some rows in it, written by the stream's user."""
    with secured_postgres() as running:
        write_batch(running)
        yield running


def user(server: SecuredPostgres, name: IdentityName, database: str | None = None) -> PostgresSettings:
    own = as_identity(server.settings, name).postgres
    return own if database is None else own.model_copy(update={"database": database})


def write_batch(server: SecuredPostgres) -> None:
    """What the sink does with a batch of either query: rows, ledger, notification."""
    rows = [event("a"), event("b", "order_created"), rejected(3, b"x")]
    with (
        adbc.connect(postgres.uri(user(server, "spark_stream"))) as connection,
        connection.cursor() as cursor,
    ):
        for statement in ("SET TIME ZONE 'UTC'", *events.PREPARE, *kpis.PREPARE):
            cursor.execute(statement)
        connection.commit()
        result = events.write_events(cursor, pa.Table.from_pylist(rows, EVENTS), EXECUTION)
        _insert_ledger_row(cursor, (QUERY, 1, "events_clean", None), EXECUTION, result, {"write": 1.0})
        _notify(cursor, {"query": "events_clean", "batch_id": 1})
        connection.commit()


def test_the_stream_heals_and_reconciles(server: SecuredPostgres) -> None:
    with postgres.connect(user(server, "spark_stream"), autocommit=True) as connection:
        assert reconcile.recompute(connection, NINE, NINE + MINUTE) == 1
        assert reconcile.differing_windows(connection, NINE, NINE + MINUTE) == []
        connection.execute("UPDATE ops.stream_batch SET healed_at = now() WHERE batch_id = 1")
        connection.execute(
            "UPDATE ops.events_rejected SET payload = 'x', payload_bytes = NULL, payload_sha256 = NULL"
        )
    reconcile_settled(as_identity(server.settings, "spark_stream"), None)


def test_the_generator_reads_its_rate_and_reports_how_it_is(server: SecuredPostgres) -> None:
    heartbeat = HeartbeatWriter("generator", user(server, "generator"))
    heartbeat.beat({})
    connection = heartbeat.beat({})
    assert connection is not None
    assert connection.execute(WANTED.encode(), ("generator",)).fetchone() == (None,)
    connection.close()


def test_the_api_answers_and_listens(server: SecuredPostgres) -> None:
    own = as_identity(server.settings, "api")
    with serving(create_app(own), base_path=API_PREFIX) as client:
        for path in ("/health", "/events", "/rejected", "/kpi", "/timeseries"):
            answer = client.get(path)
            assert answer.status_code == httpx.codes.OK, f"{path}: {answer.text}"
    with postgres.connect(own.postgres, autocommit=True) as connection:
        connection.execute(f"LISTEN {NOTIFY_CHANNEL}")


def test_dbt_replaces_its_views_for_those_who_read_them(server: SecuredPostgres, tmp_path: Path) -> None:
    with postgres.connect(user(server, "dbt"), autocommit=True) as connection:
        connection.execute("CREATE VIEW v_kpi_24h AS SELECT 'a former one' AS total_orders")
    launch = dbt(server.settings, ["--quiet", "run", "--select", "v_kpi_24h"])
    places = ("--target-path", str(tmp_path), "--log-path", str(tmp_path))
    as_dagster = dagster_home.dagster_environment(as_identity(server.settings, "dagster"))
    done = subprocess.run(
        [*launch.command, *places],
        env={**launch.environment, **as_dagster},
        cwd=launch.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for reader in ("api", "dagster", "dbt"):
        with postgres.connect(user(server, reader)) as connection:
            assert connection.execute("SELECT total_orders FROM v_kpi_24h").fetchone() == (0,)
            owner = connection.execute(
                "SELECT viewowner FROM pg_views WHERE viewname = 'v_kpi_24h'"
            ).fetchone()
            assert owner == ("orderpulse_dbt",)


def test_dagster_deletes_by_age_and_recomputes(server: SecuredPostgres) -> None:
    with postgres.connect(user(server, "dagster"), autocommit=True) as connection:
        advance_mark(connection, NINE - MINUTE)
        assert deleted_before(connection) == NINE - MINUTE
        for table in ("events_clean", "ops.events_rejected", "ops.stream_batch", "ops.alert"):
            assert purge(connection, ExpiredRows(table, table, "false"), 10) == 0
        assert reconcile.recompute(connection, NINE, NINE + MINUTE) == 1
        connection.execute(
            "UPDATE ops.service SET desired = 'running', reason = 'a test' WHERE name = 'generator'"
        )
        connection.execute("UPDATE ops.events_rejected SET replayed_at = now()")
        connection.execute("INSERT INTO ops.alert (incident, title, text) VALUES ('service:x', 'x', 'x')")


def test_dagster_keeps_its_runs_in_its_own_database(
    server: SecuredPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = as_identity(server.settings, "dagster")
    dagster_home.prepare(own)
    for name, value in dagster_home.dagster_environment(own).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(dagster_home.home(own))) as instance:
        assert instance.get_runs_count() == 0
    with postgres.connect(user(server, "dagster", "dagster")) as connection:
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
    assert owners == [("orderpulse_dagster",)]


def test_the_owner_migrates_and_is_no_administrator(server: SecuredPostgres) -> None:
    before, after = migrate(server.settings.postgres)
    assert before == after
    with postgres.connect(server.settings.postgres) as connection:
        rights = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles "
            "WHERE rolname = current_user"
        ).fetchone()
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'dagster'"
        ).fetchone()
    assert rights == (False,) * 5
    assert owner == ("orderpulse_dagster",)


EVERYONE: tuple[str, ...] = (
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/orderpulse-stolen'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    "SELECT pg_create_physical_replication_slot('mine')",
    "ALTER SYSTEM SET ssl = off",
    "ALTER ROLE postgres PASSWORD 'mine'",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "GRANT pg_execute_server_program TO CURRENT_USER",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "CREATE EXTENSION dblink SCHEMA public",
    "SET ROLE postgres",
)
"""Refused to every user, the owner too."""

OTHERS: tuple[str, ...] = (
    "SET ROLE orderpulse_owner",
    "DROP TABLE public.events_clean",
    "TRUNCATE public.kpi_1m",
    "ALTER TABLE public.kpi_1m ADD COLUMN mine int",
    "ALTER TABLE public.events_clean DISABLE TRIGGER ALL",
    "ALTER TABLE public.events_clean OWNER TO CURRENT_USER",
    "CREATE INDEX ON public.events_clean (amount)",
    "CREATE TABLE ops.mine (id int)",
    "CREATE SCHEMA mine",
    "DROP SCHEMA ops CASCADE",
    "UPDATE public.alembic_version SET version_num = '0001'",
    "DELETE FROM ops.service",
    "INSERT INTO ops.service (name) VALUES ('mine')",
    "UPDATE public.events_clean SET amount = 0",
    "UPDATE ops.stream_batch SET records_read = 0",
)
"""Refused to every user but the owner."""

REFUSED: dict[IdentityName, tuple[str, ...]] = {
    "owner": ("SET ROLE orderpulse_api",),
    "generator": (
        "SELECT 1 FROM public.events_clean",
        "SELECT 1 FROM public.kpi_1m",
        "SELECT 1 FROM ops.events_rejected",
        "UPDATE ops.service SET rate = 1000",
        "DELETE FROM ops.heartbeat",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE TABLE public.mine (id int)",
    ),
    "spark_stream": (
        "DELETE FROM public.events_clean",
        "UPDATE ops.events_rejected SET reason = 'late'",
        "DELETE FROM ops.events_rejected",
        "DELETE FROM ops.stream_batch",
        "UPDATE ops.service SET desired = 'stopped'",
        "INSERT INTO ops.retention (relation, deleted_before) VALUES ('events_clean', now())",
        "INSERT INTO ops.alert (incident, title, text) VALUES ('x', 'x', 'x')",
        "CREATE TABLE public.mine (id int)",
    ),
    "dagster": (
        "INSERT INTO ops.stream_batch SELECT * FROM ops.stream_batch",
        "INSERT INTO ops.heartbeat (name, pid, started_at) VALUES ('generator', 1, now())",
        "CREATE TABLE public.mine (id int)",
    ),
    "dbt": (
        "INSERT INTO public.kpi_1m (window_start, window_end) VALUES (now(), now())",
        "DELETE FROM public.events_clean",
        "SELECT 1 FROM ops.events_rejected",
        "SELECT 1 FROM ops.service",
        "CREATE TEMPORARY TABLE mine (id int)",
    ),
    "api": (
        "INSERT INTO public.kpi_1m (window_start, window_end) VALUES (now(), now())",
        "DELETE FROM public.events_clean",
        "UPDATE ops.service SET desired = 'stopped'",
        "DELETE FROM ops.heartbeat",
        "CREATE VIEW public.mine AS SELECT 1",
        "CREATE TEMPORARY TABLE mine (id int)",
        "DROP VIEW public.view_of_dbt",
    ),
}
"""Refused to one user."""

USERS = [each.name for each in IDENTITIES.values() if each.postgres]
MATRIX = [
    *((name, statement) for name in USERS for statement in EVERYONE),
    *((name, statement) for name in USERS if name != "owner" for statement in OTHERS),
    *((name, statement) for name, statements in REFUSED.items() for statement in statements),
]


@pytest.fixture(scope="module")
def connections(server: SecuredPostgres) -> Iterator[dict[IdentityName, psycopg.Connection[Any]]]:
    """One of each user."""
    with postgres.connect(user(server, "dbt"), autocommit=True) as connection:
        connection.execute("CREATE OR REPLACE VIEW view_of_dbt AS SELECT * FROM kpi_1m")
    opened = {name: postgres.connect(user(server, name), autocommit=True) for name in USERS}
    yield opened
    for connection in opened.values():
        connection.close()


@pytest.mark.parametrize(("name", "statement"), MATRIX)
def test_what_is_anothers_is_refused(
    connections: dict[IdentityName, psycopg.Connection[Any]], name: IdentityName, statement: str
) -> None:
    with pytest.raises(InsufficientPrivilege):
        connections[name].execute(statement.encode())


@pytest.mark.parametrize("name", [name for name in USERS if name != "dagster"])
@pytest.mark.parametrize("database", ["dagster", "postgres", "template1"])
def test_nobody_else_enters_other_databases(
    server: SecuredPostgres, name: IdentityName, database: str
) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        postgres.connect(user(server, name, database))


def test_the_database_does_not_know_intake(server: SecuredPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        postgres.connect(user(server, "intake"))


def test_a_right_that_was_given_by_hand_is_taken_at_the_next_start(server: SecuredPostgres) -> None:
    with postgres.connect(postgres_server.superuser_settings(server.settings), autocommit=True) as connection:
        connection.execute("GRANT pg_read_server_files TO orderpulse_api")
        connection.execute("ALTER ROLE orderpulse_api CREATEDB")
        postgres_server.ensure_database(server.settings)
        memberships = connection.execute(
            "SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members "
            "WHERE member::regrole::text LIKE 'orderpulse\\_%' ORDER BY 1"
        ).fetchall()
        strong = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'orderpulse\\_%' "
            "AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)"
        ).fetchall()
    assert memberships == sorted(
        (login(each.name), each.role) for each in IDENTITIES.values() if each.role is not None
    )
    assert strong == []
