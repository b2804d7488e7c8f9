"""What the stream and the batch layer both write: the KPIs' columns, and `kpi_1m` from `kpi_1m_by_currency`."""

from typing import Any

import psycopg

from core.tables import KPI_1M, KPI_1M_BY_CURRENCY

__all__ = ["COUNTS", "DERIVE_KPI_1M", "KPI_COLUMNS", "lock_kpis"]

KPI_COLUMNS = tuple(name for name in KPI_1M_BY_CURRENCY.columns if name != "processed_at")
COUNTS = ("orders_created", "payments_initiated", "payment_success", "payment_failed", "orders_cancelled")

DERIVE_KPI_1M = """
    INSERT INTO kpi_1m AS kept (
        window_start, window_end, revenue, orders_created, payment_success, payment_failed, success_rate
    )
    SELECT
        window_start,
        window_start + interval '1 minute',
        sum(revenue),
        sum(orders_created),
        sum(payment_success),
        sum(payment_failed),
        round(100.0 * sum(payment_success) / nullif(sum(payment_success) + sum(payment_failed), 0), 2)
    FROM kpi_1m_by_currency
    WHERE window_start IN (SELECT window_start FROM {touched})
    GROUP BY window_start
    ON CONFLICT (window_start) DO UPDATE SET
        window_end = excluded.window_end,
        revenue = excluded.revenue,
        orders_created = excluded.orders_created,
        payment_success = excluded.payment_success,
        payment_failed = excluded.payment_failed,
        success_rate = excluded.success_rate,
        processed_at = now()
"""
"""`kpi_1m` of the windows in the relation `touched` (contract, section 2.6)."""


def lock_kpis(connection: psycopg.Connection[Any]) -> None:
    """Keep every other writer of the KPIs out until the caller's transaction ends; readers go on."""
    connection.execute(
        f"LOCK TABLE {KPI_1M_BY_CURRENCY.name}, {KPI_1M.name} IN SHARE ROW EXCLUSIVE MODE".encode()
    )
