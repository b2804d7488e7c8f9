"""Are the tables right? Counted cheaply while work is under way, and checked in full at its end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

__all__ = ["Faults", "faults", "kpi_total", "last_commit"]

KPI_TOTAL = """
    SELECT coalesce(sum(
        orders_created + payments_initiated + payment_success + payment_failed + orders_cancelled
    ), 0)::bigint
    FROM kpi_1m_by_currency
"""
WINDOWS_BY_CURRENCY_THAT_DIFFER = """
    WITH truth AS (
        SELECT
            date_trunc('minute', event_time) AS window_start, currency,
            coalesce(sum(amount) FILTER (WHERE event_type = 'payment_success'), 0) AS revenue,
            count(*) FILTER (WHERE event_type = 'order_created') AS orders_created,
            count(*) FILTER (WHERE event_type = 'payment_initiated') AS payments_initiated,
            count(*) FILTER (WHERE event_type = 'payment_success') AS payment_success,
            count(*) FILTER (WHERE event_type = 'payment_failed') AS payment_failed,
            count(*) FILTER (WHERE event_type = 'order_cancelled') AS orders_cancelled,
            coalesce(sum(amount) FILTER (WHERE event_type = 'order_created'), 0) AS order_value
        FROM events_clean
        GROUP BY 1, 2
    )
    SELECT count(*)
    FROM truth FULL JOIN kpi_1m_by_currency AS kpi USING (window_start, currency)
    WHERE (
        truth.revenue, truth.orders_created, truth.payments_initiated, truth.payment_success,
        truth.payment_failed, truth.orders_cancelled, truth.order_value
    ) IS DISTINCT FROM (
        kpi.revenue, kpi.orders_created, kpi.payments_initiated, kpi.payment_success,
        kpi.payment_failed, kpi.orders_cancelled, kpi.order_value
    )
"""
WINDOWS_THAT_DIFFER = """
    WITH truth AS (
        SELECT
            window_start, sum(revenue) AS revenue, sum(orders_created) AS orders_created,
            sum(payment_success) AS payment_success, sum(payment_failed) AS payment_failed
        FROM kpi_1m_by_currency
        GROUP BY 1
    )
    SELECT count(*)
    FROM truth FULL JOIN kpi_1m AS kpi USING (window_start)
    WHERE (truth.revenue, truth.orders_created, truth.payment_success, truth.payment_failed)
        IS DISTINCT FROM (kpi.revenue, kpi.orders_created, kpi.payment_success, kpi.payment_failed)
"""
LAST_COMMIT = """
    SELECT max(pg_xact_commit_timestamp(xmin)) FROM (
        SELECT DISTINCT xmin FROM {} OFFSET 0
    ) AS transactions
"""
TABLES = ("events_clean", "kpi_1m", "kpi_1m_by_currency")


@dataclass(frozen=True, slots=True)
class Faults:
    """What keeps the tables from being right: ids missing (or, below zero, too many), windows that differ."""

    missing_ids: int
    windows: int

    def __bool__(self) -> bool:
        return bool(self.missing_ids or self.windows)


def kpi_total(connection: psycopg.Connection[Any]) -> int:
    """Events that the KPI table counts; a small table, cheap to ask often."""
    return int(_one(connection, KPI_TOTAL))


def faults(connection: psycopg.Connection[Any], expected_ids: int) -> Faults:
    """Compare `events_clean` with the number of ids sent, and each KPI window with a recomputation."""
    found = int(_one(connection, "SELECT count(*) FROM events_clean"))
    differing = int(_one(connection, WINDOWS_BY_CURRENCY_THAT_DIFFER)) + int(
        _one(connection, WINDOWS_THAT_DIFFER)
    )
    return Faults(expected_ids - found, differing)


def last_commit(connection: psycopg.Connection[Any]) -> dict[str, datetime]:
    """Commit time of the last transaction that each table shows."""
    return {table: _one(connection, LAST_COMMIT.format(table)) for table in TABLES}


def _one(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None, "an aggregate has a row"
    return row[0]
