"""The dbt project against a real database: its views, their rights and comments, freshness, and tests that bite."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from api.app import API_PREFIX, create_app
from core import postgres
from core.settings import PostgresSettings, Settings
from tests.api_client import serving

PROJECT = Path(__file__).parents[2] / "dbt_project"
SPANS = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}
MINUTE = timedelta(minutes=1)
CENT = Decimal("0.01")
BUILDER, BUILDER_PASSWORD = "dbt_builder", "builder-password"

Connection = psycopg.Connection[tuple[object, ...]]
Dbt = Callable[..., subprocess.CompletedProcess[str]]
Row = dict[str, Any]


@dataclass
class Totals:
    """What a view must show of some windows, added up without SQL."""

    rows: list[Row] = field(default_factory=list)

    def total(self, column: str) -> Decimal:
        return sum((Decimal(row[column]) for row in self.rows), Decimal(0))

    def ratio(self, part: str, *whole: str, times: int = 100) -> Decimal | None:
        divisor = sum((self.total(column) for column in whole), Decimal(0))
        if divisor == 0:
            return None
        return (times * self.total(part) / divisor).quantize(CENT, ROUND_HALF_UP)

    def of_kpi_1m(self) -> Row:
        starts = [row["window_start"] for row in self.rows]
        return {
            "total_revenue": self.total("revenue"),
            "total_orders": self.total("orders_created"),
            "total_payment_success": self.total("payment_success"),
            "total_payment_failed": self.total("payment_failed"),
            "success_rate": self.ratio("payment_success", "payment_success", "payment_failed"),
            "window_count": len(starts),
            "first_window": min(starts, default=None),
            "last_window": max(starts, default=None),
        }

    def of_currency(self, currency: str) -> Row:
        return self.of_kpi_1m() | {
            "currency": currency,
            "total_payments_initiated": self.total("payments_initiated"),
            "total_orders_cancelled": self.total("orders_cancelled"),
            "total_order_value": self.total("order_value"),
            "average_order_value": self.ratio("order_value", "orders_created", times=1),
            "created_to_initiated_rate": self.ratio("payments_initiated", "orders_created"),
            "initiated_to_paid_rate": self.ratio("payment_success", "payments_initiated"),
            "created_to_paid_rate": self.ratio("payment_success", "orders_created"),
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


def fill(connection: Connection, starts: list[datetime]) -> None:
    """Random windows by currency, and `kpi_1m` as their sum."""
    rng = random.Random(7)
    for start in starts:
        for currency in rng.choice((("VND",), ("USD",), ("VND", "USD"))):
            counts = [rng.randrange(40) for _ in range(5)]
            money = [Decimal(rng.randrange(10**7)) / 100 for _ in range(2)]
            connection.execute(
                "INSERT INTO kpi_1m_by_currency (window_start, currency, window_end, revenue, order_value, "
                "orders_created, payments_initiated, payment_success, payment_failed, orders_cancelled) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (start, currency, start + MINUTE, *money, *counts),
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


def within(rows: list[Any], oldest: datetime, currency: str | None = None) -> list[Row]:
    """Rows of windows that start at `oldest` or later, of one currency if given."""
    return [row for row in rows if row["window_start"] >= oldest and currency in (None, row.get("currency"))]


SAME = {
    "revenue": "total_revenue",
    "order_value": "total_order_value",
    "orders_created": "total_orders",
    "payments_initiated": "total_payments_initiated",
    "payment_success": "total_payment_success",
    "payment_failed": "total_payment_failed",
    "orders_cancelled": "total_orders_cancelled",
    **{name: name for name in ("average_order_value", "success_rate", "created_to_initiated_rate")},
    **{name: name for name in ("initiated_to_paid_rate", "created_to_paid_rate")},
}
"""A number of the API, and the column of `v_kpi_by_currency_*` that holds it too."""


def check_the_api(settings: Settings, connection: Connection) -> None:
    """The API sums up the tables itself; its numbers are those of the views."""

    def seen(name: str) -> dict[str, dict[str, Any]]:
        with connection.cursor(row_factory=dict_row) as reader:
            rows = reader.execute(f"SELECT * FROM v_kpi_by_currency_{name}".encode()).fetchall()
        return {row["currency"]: {said: row[column] for said, column in SAME.items()} for row in rows}

    with serving(create_app(settings), base_path=API_PREFIX) as client:
        for name in SPANS:
            before, shown = None, {}
            while before != (after := seen(name)):  # a minute may pass between two looks
                before = after
                report = client.get("/kpi", params={"range": name}).raise_for_status().json()
                shown = {
                    each["currency"]: {said: Decimal(str(each[said])) for said in SAME}
                    for each in report["current"]["currencies"]
                }
            assert shown == before, name


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
    connection.execute("TRUNCATE kpi_1m, kpi_1m_by_currency")
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
    connection.execute("TRUNCATE kpi_1m, kpi_1m_by_currency")
    fill(connection, [start - 60 * MINUTE])
    stale = dbt("source", "freshness")
    assert stale.returncode == 1, stale.stdout
    results = json.loads((target / "sources.json").read_text(encoding="utf-8"))["results"]
    assert {result["unique_id"].rsplit(".")[-1]: result["status"] for result in results} == {
        "kpi_1m": "error",
        "kpi_1m_by_currency": "error",
    }


BROKEN = {
    "not_negative": "UPDATE kpi_1m SET orders_created = -1",
    "percentage": "UPDATE kpi_1m SET success_rate = 101",
    "currency_code": "UPDATE kpi_1m_by_currency SET currency = 'usd'",
    "sum_of_currencies": "UPDATE kpi_1m SET revenue = revenue + 0.01",
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
