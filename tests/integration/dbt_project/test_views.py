"""The dbt project against a real database: its views, their rights and comments, freshness, and tests that bite."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from api.app import API_PREFIX, create_app
from core import postgres
from core.kpis import MEASURES, RATES
from core.settings import PostgresSettings, Settings
from stack.host.waiting import wait_until
from tests.api_client import serving
from tests.truth import rates_of

PROJECT = Path(__file__).parents[3] / "dbt_project"
SPANS = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}
MINUTE = timedelta(minutes=1)
BUILDER, BUILDER_PASSWORD = "dbt_builder", "builder-password"

Connection = psycopg.Connection[tuple[object, ...]]
Dbt = Callable[..., subprocess.CompletedProcess[str]]
Row = dict[str, Any]


@dataclass
class Totals:
    """What a view must show of some windows, added up without SQL."""

    rows: list[Row] = field(default_factory=list)

    def total(self, column: str) -> Decimal:
        return sum((Decimal(row.get(column, 0)) for row in self.rows), Decimal(0))

    def of_kpi_1m(self) -> Row:
        every = self.of_currency()
        mine = [measure.total for measure in MEASURES if measure.in_kpi_1m]
        return {
            name: every[name]
            for name in (*mine, "success_rate", "window_count", "first_window", "last_window")
        }

    def of_currency(self, currency: str | None = None) -> Row:
        starts = [row["window_start"] for row in self.rows]
        sums = {measure.name: self.total(measure.name) for measure in MEASURES}
        return {
            **({"currency": currency} if currency else {}),
            **{measure.total: sums[measure.name] for measure in MEASURES},
            **rates_of(sums),
            "window_count": len(starts),
            "first_window": min(starts, default=None),
            "last_window": max(starts, default=None),
        }


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's runs of dbt leave their artifacts; shared, so that the project is parsed once."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture
def builder(database: PostgresSettings, connection: Connection) -> Iterator[PostgresSettings]:
    """A login with the rights of the role `dbt` and no others."""
    name = sql.Identifier(BUILDER)
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE dbt").format(name, BUILDER_PASSWORD))
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
    yield PostgresSettings.model_validate(
        database.model_dump() | {"user": BUILDER, "password": BUILDER_PASSWORD}
    )
    connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(name))
    connection.execute(sql.SQL("DROP ROLE {}").format(name))


@pytest.fixture
def dbt(builder: PostgresSettings, target: Path) -> Dbt:
    """Run dbt's command line against the test's database."""
    environment = os.environ | {
        "ORDERPULSE_POSTGRES__HOST": builder.host,
        "ORDERPULSE_POSTGRES__PORT": str(builder.port),
        "ORDERPULSE_POSTGRES__DATABASE": builder.database,
        "ORDERPULSE_POSTGRES__USER": builder.user,
        "ORDERPULSE_POSTGRES__PASSWORD": builder.password.get_secret_value(),
        "ORDERPULSE_POSTGRES__SSLMODE": builder.sslmode,
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                Path(sys.executable).with_name("dbt"), "--no-use-colors", "--log-path", target, *arguments,
                "--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", target,
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip

    return run


_NAMES = ", ".join(measure.name for measure in MEASURES)


def fill(connection: Connection, starts: list[datetime]) -> None:
    """Random windows in detail, and the other tables as their sums."""
    rng = random.Random(7)
    for start in starts:
        for currency in rng.choice((("VND",), ("USD",), ("VND", "USD"))):
            values = [
                rng.randrange(40) if measure.unit == "count" else Decimal(rng.randrange(10**7)) / 100
                for measure in MEASURES
            ]
            for channel in rng.choice((("",), ("app", "web"))):
                connection.execute(
                    f"INSERT INTO kpi_1m_detail (window_start, currency, channel, {_NAMES}) "
                    f"VALUES (%s, %s, %s{', %s' * len(values)})".encode(),
                    (start, currency, channel, *values),
                )
    sums = ", ".join(f"sum({measure.name})" for measure in MEASURES)
    connection.execute(
        f"INSERT INTO kpi_1m_by_currency (window_start, currency, window_end, {_NAMES}) SELECT window_start, currency, "
        f"window_start + interval '1 minute', {sums} FROM kpi_1m_detail GROUP BY 1, 2".encode()
    )
    connection.execute(
        "INSERT INTO kpi_1m (window_start, window_end, revenue, orders_created, payment_success, payment_failed) "
        "SELECT window_start, window_end, sum(revenue), sum(orders_created), sum(payment_success), "
        "sum(payment_failed) FROM kpi_1m_by_currency GROUP BY window_start, window_end"
    )


def instant(connection: Connection, query: str) -> datetime:
    """The one instant that `query` answers."""
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    assert isinstance(row[0], datetime)
    return row[0]


def windows_around(now: datetime) -> list[datetime]:
    """Starts of windows, dense near now and on both sides of every span's edge."""
    minute = now.replace(second=0, microsecond=0)
    ages = {*range(70), 1438, 1439, 1440, 1441, 1442, 3000} - {3, 40}
    return [minute - age * MINUTE for age in sorted(ages)]


def test_views_equal_a_recomputation_in_python_and_the_api(
    settings: Settings, database: PostgresSettings, connection: Connection, dbt: Dbt
) -> None:
    now = instant(connection, "SELECT now()")
    fill(connection, windows_around(now))
    built = dbt("build")
    assert built.returncode == 0, built.stdout

    with postgres.connect(database) as opened, opened.cursor(row_factory=dict_row) as reader:
        # One transaction, so that its now() is the views' now().
        asked_at = instant(opened, "SELECT now()")
        totals = reader.execute("SELECT * FROM kpi_1m").fetchall()
        by_currency = reader.execute("SELECT * FROM kpi_1m_by_currency").fetchall()
        for name, span in SPANS.items():
            shown = reader.execute(f"SELECT * FROM v_kpi_{name}".encode()).fetchall()
            assert shown == [Totals(within(totals, asked_at - span)).of_kpi_1m()], name
            shown = reader.execute(
                f"SELECT * FROM v_kpi_by_currency_{name} ORDER BY currency".encode()
            ).fetchall()
            assert shown == [
                Totals(within(by_currency, asked_at - span, currency)).of_currency(currency)
                for currency in ("USD", "VND")
            ], name
    check_the_api(settings.model_copy(update={"postgres": database}), connection)
    check_rights_and_comments(connection)
    check_without_windows(connection)


ANALYST = "analyst"
BRIEFLY = "{view_lock_timeout_ms: 300, view_pause_s: 0.3, view_tries: 12}"
"""The same for all runs: other variables cost a parsing of the project."""

PRIVILEGES = (
    "SELECT privilege_type, grantee::regrole::text FROM pg_class, aclexplode(relacl) WHERE relname = %s"
)


@pytest.fixture
def analyst(database: PostgresSettings, connection: Connection, dbt: Dbt) -> Iterator[PostgresSettings]:
    """Somebody who was allowed to read the views, by hand, and builds on them."""
    assert dbt("run", "--vars", BRIEFLY).returncode == 0
    connection.execute(f"CREATE ROLE {ANALYST} LOGIN PASSWORD '{ANALYST}'".encode())
    connection.execute(f"GRANT {ANALYST} TO CURRENT_USER".encode())
    connection.execute(f"CREATE SCHEMA reports AUTHORIZATION {ANALYST}".encode())
    connection.execute(f"GRANT USAGE ON SCHEMA public TO {ANALYST}".encode())
    connection.execute(f"GRANT SELECT ON v_kpi_1h, v_kpi_15m TO {ANALYST}".encode())
    own = PostgresSettings.model_validate(database.model_dump() | {"user": ANALYST, "password": ANALYST})
    with postgres.connect(own, autocommit=True) as theirs:
        theirs.execute("CREATE VIEW reports.hour AS SELECT total_orders FROM public.v_kpi_1h")
        theirs.execute("CREATE MATERIALIZED VIEW reports.kept AS SELECT * FROM reports.hour")
    yield own
    connection.execute(f"DROP OWNED BY {ANALYST} CASCADE".encode())
    connection.execute(f"DROP ROLE {ANALYST}".encode())


@pytest.mark.slow
def test_a_view_is_replaced_in_place(connection: Connection, dbt: Dbt, analyst: PostgresSettings) -> None:
    """With what others built on it and what they were given; and no reader waits behind one that sleeps."""
    connection.execute("DROP VIEW v_kpi_24h")
    connection.execute(
        "CREATE VIEW v_kpi_24h AS SELECT sum(payment_failed) AS total_payment_failed, sum(orders_created) AS total_orders "
        "FROM kpi_1m"
    )
    connection.execute(
        sql.SQL("ALTER VIEW v_kpi_24h OWNER TO {}; GRANT SELECT ON v_kpi_24h TO {}").format(
            sql.Identifier(BUILDER), sql.Identifier(ANALYST)
        )
    )
    before = connection.execute("SELECT 'v_kpi_1h'::regclass::oid, 'v_kpi_24h'::regclass::oid").fetchone()
    with postgres.connect(analyst) as sleeper, postgres.connect(analyst, autocommit=True) as reader:
        sleeper.execute("SELECT * FROM public.v_kpi_1h")
        reader.execute("CREATE VIEW reports.day AS SELECT total_payment_failed FROM public.v_kpi_24h")
        reader.execute("SET statement_timeout = '10s'")
        waits: list[float] = []
        with ThreadPoolExecutor(1) as pool:
            build = pool.submit(dbt, "run", "--vars", BRIEFLY)
            assert wait_until(lambda: _waits_for_lock(connection), 30)
            for _ in range(20):
                asked = time.monotonic()
                reader.execute("SELECT total_orders FROM reports.hour")
                waits.append(time.monotonic() - asked)
            assert not build.done()
            sleeper.rollback()
            built = build.result()
    assert built.returncode == 0, built.stdout
    assert max(waits) < 2.0, "a reader is held for the timeout at most"
    assert (
        connection.execute("SELECT 'v_kpi_1h'::regclass::oid, 'v_kpi_24h'::regclass::oid").fetchone()
        == before
    )
    former = [each.name for each in connection.execute("SELECT * FROM v_kpi_24h").description or ()]
    assert former[:3] == ["total_payment_failed", "total_orders", "total_revenue"], "new columns come last"
    connection.execute("DROP VIEW reports.day")
    check_rights_and_comments(connection)
    check_what_cannot_be_replaced(connection, dbt, analyst)


def _waits_for_lock(connection: Connection) -> bool:
    asked = "SELECT count(*) FROM pg_locks WHERE relation = 'v_kpi_1h'::regclass AND NOT granted"
    return connection.execute(asked.encode()).fetchone() == (1,)


def check_what_cannot_be_replaced(connection: Connection, dbt: Dbt, analyst: PostgresSettings) -> None:
    """Who holds a view is named, and who is built on columns that change; grants stay where they may change."""
    selected = ("run", "--vars", BRIEFLY, "--select", "v_kpi_1h", "v_kpi_15m", "v_kpi_24h")
    owner = sql.Identifier(BUILDER)
    connection.execute("DROP VIEW v_kpi_1h CASCADE")
    connection.execute("CREATE VIEW v_kpi_1h AS SELECT 1 AS former, 2 AS total_orders")
    connection.execute(sql.SQL("ALTER VIEW v_kpi_1h OWNER TO {}").format(owner))
    connection.execute(f"GRANT SELECT ON v_kpi_1h TO {ANALYST}".encode())
    connection.execute("DROP VIEW v_kpi_24h")
    connection.execute("CREATE TABLE v_kpi_24h AS SELECT 'somebody''s' AS own")
    with postgres.connect(analyst, autocommit=True) as theirs, postgres.connect(analyst) as sleeper:
        theirs.execute("CREATE VIEW reports.hour AS SELECT former FROM public.v_kpi_1h")
        sleeper.execute("SELECT * FROM public.v_kpi_15m")
        refused = dbt(*selected)
        assert refused.returncode == 1
        assert "v_kpi_15m was held at each of 12 tries" in refused.stdout
        assert f"pid {sleeper.info.backend_pid} of {ANALYST}" in refused.stdout
        assert "The columns of v_kpi_1h change" in refused.stdout
        assert "view reports.hour depends on view v_kpi_1h" in refused.stdout
        assert theirs.execute("SELECT former FROM reports.hour").fetchone() == (1,)
        assert '"v_kpi_24h" is a table that dbt did not make' in refused.stdout
        assert connection.execute("TABLE v_kpi_24h").fetchall() == [("somebody's",)]
        theirs.execute("DROP VIEW reports.hour")
        connection.execute("DROP TABLE v_kpi_24h")
    replaced = dbt(*selected)
    assert replaced.returncode == 0, replaced.stdout
    privileges = connection.execute(PRIVILEGES, ("v_kpi_1h",)).fetchall()
    assert ("SELECT", ANALYST) in privileges, "given by hand"
    check_rights_and_comments(connection)


def within(rows: list[Any], oldest: datetime, currency: str | None = None) -> list[Row]:
    """Rows of windows that start at `oldest` or later, of one currency if given."""
    return [row for row in rows if row["window_start"] >= oldest and currency in (None, row.get("currency"))]


SAME = {measure.name: measure.total for measure in MEASURES} | {rate.name: rate.name for rate in RATES}
"""A number of the API, and the column of `v_kpi_by_currency_*` that holds it too."""


def check_the_api(settings: Settings, connection: Connection) -> None:
    """The API answers named ranges from the views, and the same from the table if there is no view."""

    def seen(relation: str) -> dict[str, dict[str, Any]]:
        with connection.cursor(row_factory=dict_row) as reader:
            rows = reader.execute(f"SELECT * FROM {relation}".encode()).fetchall()
        return {row["currency"]: {said: row[column] for said, column in SAME.items()} for row in rows}

    def check(name: str, relation: str, tz: str) -> None:
        before, shown = None, {}
        while before != (after := seen(relation)):  # a minute may pass between two looks
            before = after
            report = client.get("/kpi", params={"range": name, "tz": tz}).raise_for_status().json()
            shown = {
                each["currency"]: {said: Decimal(str(each[said])) for said in SAME}
                for each in report["current"]["currencies"]
            }
        assert shown == before, relation

    with serving(create_app(settings), base_path=API_PREFIX) as client:
        for name in SPANS:
            check(name, f"v_kpi_by_currency_{name}", "UTC")
        connection.execute("ALTER VIEW v_kpi_by_currency_1h RENAME TO built")
        check("1h", "built", "Asia/Tokyo")
        columns = [each.name for each in connection.execute("SELECT * FROM built").description or ()]
        columns[columns.index("total_orders_cancelled")] += " + 1000 AS total_orders_cancelled"
        connection.execute(
            f"CREATE VIEW v_kpi_by_currency_1h AS SELECT {', '.join(columns)} FROM built".encode()
        )
        check("1h", "v_kpi_by_currency_1h", "Asia/Seoul")
    connection.execute("DROP VIEW v_kpi_by_currency_1h")
    connection.execute("ALTER VIEW built RENAME TO v_kpi_by_currency_1h")


def check_rights_and_comments(connection: Connection) -> None:
    """The API may read the views; descriptions are the database's own comments."""
    readable = connection.execute(
        "SELECT bool_and(has_table_privilege('api_read', c.oid, 'SELECT')), "
        "bool_and(obj_description(c.oid) LIKE 'One row%%'), count(*) "
        "FROM pg_class AS c WHERE c.relname LIKE 'v\\_kpi\\_%%' AND c.relkind = 'v'"
    ).fetchone()
    assert readable == (True, True, 6)
    silent = connection.execute(
        "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
        "WHERE c.relname LIKE 'v\\_kpi\\_%%' AND c.relkind = 'v' AND a.attnum > 0 "
        "AND col_description(c.oid, a.attnum) IS NULL"
    ).fetchall()
    assert silent == []


def check_without_windows(connection: Connection) -> None:
    """With no window, the total is one row of zeros, and no currency has a row."""
    connection.execute("TRUNCATE kpi_1m, kpi_1m_by_currency, kpi_1m_detail")
    for name in SPANS:
        row = connection.execute(f"SELECT * FROM v_kpi_{name}".encode()).fetchall()
        assert row == [(0, 0, 0, 0, None, 0, None, None)]
        assert connection.execute(f"SELECT * FROM v_kpi_by_currency_{name}".encode()).fetchall() == []


def test_freshness_follows_event_time_not_writing_time(
    connection: Connection, dbt: Dbt, target: Path
) -> None:
    start = instant(connection, "SELECT date_trunc('minute', now())")
    fill(connection, [start])
    fresh = dbt("source", "freshness")
    assert fresh.returncode == 0, fresh.stdout

    # Written this instant, about an hour ago: stale.
    connection.execute("TRUNCATE kpi_1m, kpi_1m_by_currency, kpi_1m_detail")
    fill(connection, [start - 60 * MINUTE])
    stale = dbt("source", "freshness")
    assert stale.returncode == 1, stale.stdout
    results = json.loads((target / "sources.json").read_text(encoding="utf-8"))["results"]
    assert {result["unique_id"].rsplit(".")[-1]: result["status"] for result in results} == {
        "kpi_1m": "error",
        "kpi_1m_by_currency": "error",
        "kpi_1m_detail": "error",
    }


BROKEN = {
    "not_negative": "UPDATE kpi_1m SET orders_created = -1",
    "percentage": "UPDATE kpi_1m SET success_rate = 101",
    "currency_code": "UPDATE kpi_1m_by_currency SET currency = 'usd'",
    "sum_of_realtime_kpi_1m_kpi_1m_by_currency": "UPDATE kpi_1m SET revenue = revenue + 0.01",
    "sum_of_realtime_kpi_1m_by_currency_kpi_1m_detail": "UPDATE kpi_1m_detail SET revenue = revenue + 0.01",
    "whole_minutes": "UPDATE kpi_1m SET window_end = window_end + interval '1 second'",
}


def test_every_kind_of_data_test_bites(connection: Connection, dbt: Dbt) -> None:
    fill(connection, [instant(connection, "SELECT date_trunc('minute', now())")])
    for statement in BROKEN.values():
        connection.execute(statement.encode())
    result = dbt("test", "--select", "source:*")
    assert result.returncode == 1, result.stdout
    failures = [line for line in result.stdout.splitlines() if " FAIL " in line]
    for kind in BROKEN:
        assert any(kind in line for line in failures), f"{kind} did not fail:\n{result.stdout}"


@pytest.mark.slow
def test_the_documentation_is_generated(dbt: Dbt, target: Path) -> None:
    result = dbt("docs", "generate")
    assert result.returncode == 0, result.stdout
    assert (target / "catalog.json").is_file()
