"""The batch layer's last word on the KPIs: compare them with `events_clean`, and recompute.

`events_clean` is the truth (invariant I2), but for minutes whose events were deleted by age:
their KPIs are all that is left of them, and stay. Everything here is SQL in the database,
where the data is.
"""

from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from core.clock import to_iso8601
from core.errors import DatabaseError
from core.events import SPARK_WATERMARK_DELAY
from core.tables import EVENTS_CLEAN, KPI_1M
from database.kpis import DERIVE_KPI_1M, KPI_COLUMNS, lock_kpis
from database.retention import deleted_before

__all__ = [
    "WINDOW",
    "differing_windows",
    "expired_windows",
    "first_comparable",
    "recompute",
    "recompute_locked",
    "recompute_windows",
    "settled_until",
]

WINDOW = timedelta(minutes=1)

_NEWEST = """
    SELECT max_event_time FROM ops.stream_batch
    WHERE query_name = %(query_name)s AND max_event_time IS NOT NULL
    ORDER BY max_event_time DESC LIMIT 1
"""
_FROM_EVENTS = """
    SELECT
        date_trunc('minute', event_time) AS window_start,
        currency,
        date_trunc('minute', event_time) + interval '1 minute' AS window_end,
        coalesce(sum(amount) FILTER (WHERE event_type = 'payment_success'), 0) AS revenue,
        count(*) FILTER (WHERE event_type = 'order_created') AS orders_created,
        count(*) FILTER (WHERE event_type = 'payment_initiated') AS payments_initiated,
        count(*) FILTER (WHERE event_type = 'payment_success') AS payment_success,
        count(*) FILTER (WHERE event_type = 'payment_failed') AS payment_failed,
        count(*) FILTER (WHERE event_type = 'order_cancelled') AS orders_cancelled,
        coalesce(sum(amount) FILTER (WHERE event_type = 'order_created'), 0) AS order_value
    FROM events_clean
    WHERE event_time >= %(start)s AND event_time < %(end)s
    GROUP BY 1, 2
"""
_COLUMNS = ", ".join(KPI_COLUMNS)
_SET = ", ".join(
    f"{name} = excluded.{name}" for name in KPI_COLUMNS if name not in {"window_start", "currency"}
)

_DIFFERENCES = f"""
    WITH wanted AS ({_FROM_EVENTS}),
    by_currency AS (
        SELECT {_COLUMNS} FROM kpi_1m_by_currency WHERE window_start >= %(start)s AND window_start < %(end)s
    ),
    totals AS (
        SELECT
            window_start, sum(revenue) AS revenue, sum(orders_created) AS orders_created,
            sum(payment_success) AS payment_success, sum(payment_failed) AS payment_failed,
            round(100.0 * sum(payment_success) / nullif(sum(payment_success) + sum(payment_failed), 0), 2) AS success_rate
        FROM wanted GROUP BY window_start
    ),
    kpis AS (
        SELECT window_start, revenue, orders_created, payment_success, payment_failed, success_rate
        FROM kpi_1m WHERE window_start >= %(start)s AND window_start < %(end)s
    ),
    differing AS (
        (SELECT window_start FROM (TABLE wanted EXCEPT TABLE by_currency) AS missing)
        UNION (SELECT window_start FROM (TABLE by_currency EXCEPT TABLE wanted) AS surplus)
        UNION (SELECT window_start FROM (TABLE totals EXCEPT TABLE kpis) AS missing_total)
        UNION (SELECT window_start FROM (TABLE kpis EXCEPT TABLE totals) AS surplus_total)
    )
    SELECT window_start FROM differing ORDER BY 1
"""  # noqa: S608  # names come from the contract

_TOUCHED = """
    CREATE TEMP TABLE recomputed ON COMMIT DROP AS
    SELECT DISTINCT window_start FROM (
        SELECT date_trunc('minute', event_time) AS window_start FROM events_clean
        WHERE event_time >= %(start)s AND event_time < %(end)s
        UNION SELECT window_start FROM kpi_1m_by_currency WHERE window_start >= %(start)s AND window_start < %(end)s
        UNION SELECT window_start FROM kpi_1m WHERE window_start >= %(start)s AND window_start < %(end)s
    ) AS touched
"""
_RECOMPUTE = f"""
    INSERT INTO kpi_1m_by_currency AS kept ({_COLUMNS}) {_FROM_EVENTS}
    ON CONFLICT (window_start, currency) DO UPDATE SET {_SET}, processed_at = now()
"""  # names come from the contract
_REMOVE_UNFOUNDED = """
    DELETE FROM kpi_1m_by_currency AS kept
    WHERE kept.window_start >= %(start)s AND kept.window_start < %(end)s
        AND NOT EXISTS (
            SELECT FROM events_clean AS e
            WHERE e.event_time >= kept.window_start AND e.event_time < kept.window_end AND e.currency = kept.currency
        )
"""
_REMOVE_EMPTY = """
    DELETE FROM kpi_1m
    WHERE window_start >= %(start)s AND window_start < %(end)s
        AND window_start NOT IN (SELECT window_start FROM kpi_1m_by_currency)
"""


def settled_until(connection: psycopg.Connection[Any]) -> datetime | None:
    """End of the windows that no accepted event can change any more; None before the first batch.

    An accepted event trails the newest one by at most both limits of the contract, so a
    window is settled when each query has committed events that much newer.
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        newest = [
            moment
            for name in (EVENTS_CLEAN.name, KPI_1M.name)
            for (moment,) in cursor.execute(_NEWEST, {"query_name": name})
        ]
    if len(newest) < 2:
        return None
    horizon: datetime = min(newest) - SPARK_WATERMARK_DELAY
    return horizon.replace(second=0, microsecond=0)


def differing_windows(connection: psycopg.Connection[Any], start: datetime, end: datetime) -> list[datetime]:
    """Starts of the windows in [start, end) in which `kpi_1m` or `kpi_1m_by_currency` is not what
    `events_clean` gives. Compare settled windows only (`settled_until`).
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [window for (window,) in cursor.execute(_DIFFERENCES, {"start": start, "end": end})]


def first_comparable(connection: psycopg.Connection[Any], start: datetime) -> datetime:
    """`start`, or the moment before which events were deleted by age where that is later."""
    mark = deleted_before(connection)
    return start if mark is None else max(start, mark)


def expired_windows(connection: psycopg.Connection[Any], start: datetime, end: datetime) -> list[datetime]:
    """Starts of the windows in [start, end) whose events, or some of them, were deleted by age.

    Every event counts in its window's row, so before the mark of the retention a row that
    `events_clean` does not give is one that has lost events, and any other is whole.
    """
    mark = deleted_before(connection)
    if mark is None or start >= mark:
        return []
    return differing_windows(connection, start, min(end, mark))


def recompute(connection: psycopg.Connection[Any], start: datetime, end: datetime) -> int:
    """Recompute the windows in [start, end) from `events_clean`; returns how many there are.

    `start` and `end` are full minutes. One transaction of its own or a part of the caller's.
    The lock keeps the stream's upserts out meanwhile, so neither overwrites the other's half;
    a window that is not settled goes on to be written by the stream, and is compared once more
    when it has settled. Raises `DatabaseError` where events of the range were deleted by age.
    """
    with connection.transaction():
        lock_kpis(connection)
        expired = expired_windows(connection, start, end)
        if expired:
            raise DatabaseError(
                f"The events of {len(expired)} minutes from {to_iso8601(expired[0])} to {to_iso8601(expired[-1])} "
                "were deleted by age (see ops.retention). Their KPIs are right and all that is left of them; "
                "to recompute them would lose them. Choose a later range."
            )
        return recompute_locked(connection, start, end)


def recompute_locked(connection: psycopg.Connection[Any], start: datetime, end: datetime) -> int:
    """The same, for a caller in whose transaction `lock_kpis` holds and the range is known to be whole."""
    for limit in (start, end):
        if limit.second or limit.microsecond:
            raise ValueError(f"{limit.isoformat()} is not a full minute; windows begin at full minutes")
    limits = {"start": start, "end": end}
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_TOUCHED, limits)
        cursor.execute(_RECOMPUTE, limits)
        cursor.execute(_REMOVE_UNFOUNDED, limits)
        cursor.execute(DERIVE_KPI_1M.format(touched="recomputed"))
        cursor.execute(_REMOVE_EMPTY, limits)
        row = cursor.execute("SELECT count(*) FROM recomputed").fetchone()
        cursor.execute("DROP TABLE recomputed")
    return int(row[0]) if row else 0


def recompute_windows(connection: psycopg.Connection[Any], windows: list[datetime]) -> None:
    """Recompute single windows, given by their starts."""
    for window in windows:
        recompute(connection, window, window + WINDOW)
