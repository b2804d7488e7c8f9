"""The benchmarks' check of the tables bites: a row or a window that is wrong is found."""

from datetime import UTC, datetime

import psycopg
import pytest

from bench.plain.rules import Row
from bench.plain.sink import prepare, write
from bench.truth import Faults, faults, kpi_total
from core.postgres import connect
from core.settings import PostgresSettings

TIME = "2026-03-01T09:30:00Z"
ROWS: list[Row] = [
    ("a", TIME, "order_created", "ORD1", "USR1", 10.5, "USD", "pending", "card", "web", "US", ""),
    ("b", TIME, "payment_success", "ORD1", "USR1", 10.5, "USD", "success", "momo", "web", "US", ""),
    ("c", TIME, "payment_failed", "ORD2", "USR1", 50_000, "VND", "failed", "", "", "VN", "expired"),
    ("c", TIME, "payment_failed", "ORD2", "USR1", 50_000, "VND", "failed", "", "", "VN", "expired"),
]


@pytest.fixture
def filled(database: PostgresSettings, connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with connect(database) as writer:
        prepare(writer)
        write(writer, ROWS[:2], [("t", 0, 1, datetime(2026, 3, 1, tzinfo=UTC), b"\x00")])
        write(writer, ROWS, [])


@pytest.mark.usefixtures("filled")
def test_what_the_plain_consumer_writes_is_right(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    assert not faults(connection, expected_ids=3)
    assert kpi_total(connection) == 3
    assert connection.execute("SELECT success_rate FROM kpi_1m").fetchone() == (50,)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("DELETE FROM events_clean WHERE id = 'a'", Faults(1, 1)),
        ("UPDATE events_clean SET amount = 1 WHERE id = 'a'", Faults(0, 1)),
        ("UPDATE kpi_1m_by_currency SET revenue = 0 WHERE currency = 'USD'", Faults(0, 1)),
        ("DELETE FROM kpi_1m_by_currency WHERE currency = 'VND'", Faults(0, 1)),
        ("DELETE FROM kpi_1m", Faults(0, 1)),
        ("UPDATE kpi_1m SET payment_failed = 2", Faults(0, 1)),
    ],
)
def test_damage_is_found(
    connection: psycopg.Connection[tuple[object, ...]], damage: str, expected: Faults
) -> None:
    connection.execute(damage.encode())
    assert faults(connection, expected_ids=3) == expected
