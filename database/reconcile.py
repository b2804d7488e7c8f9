"""Compare the KPIs with `events_clean`, and recompute them.

`events_clean` is the source of truth (invariant I2), except for minutes whose events were deleted by age:
only their KPIs are left, and are kept. Everything here is SQL, so the data stays in the database.
"""

from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from core.clock import to_iso8601
from core.errors import DatabaseError
from core.events import SPARK_WATERMARK_DELAY
from core.tables import EVENTS_CLEAN, KPI_1M, KPI_1M_DETAIL
from database.kpis import BY_CURRENCY, DERIVE, DETAIL_COLUMNS, FROM_EVENTS, KPI_COLUMNS, TOTALS, lock_kpis
from database.retention import deleted_before

WINDOW = timedelta(minutes=1)

_NEWEST = """
    SELECT max_event_time FROM ops.stream_batch
    WHERE query_name = %(query_name)s AND max_event_time IS NOT NULL
    ORDER BY max_event_time DESC LIMIT 1
"""
_DETAIL = ", ".join(DETAIL_COLUMNS)


def differences(events: str, windows: str) -> str:
    """Query for the starts of windows whose KPIs differ from `events`, a query for `DETAIL_COLUMNS`; `windows` is the
    condition that selects the same windows of the KPI tables.
    """
    return f"""
        WITH wanted AS ({events}),
        detail AS (SELECT {_DETAIL} FROM kpi_1m_detail WHERE {windows}),
        wanted_by_currency AS (SELECT {BY_CURRENCY} FROM wanted GROUP BY window_start, currency),
        by_currency AS (SELECT {", ".join(KPI_COLUMNS)} FROM kpi_1m_by_currency WHERE {windows}),
        totals AS (SELECT {TOTALS} FROM wanted GROUP BY window_start),
        kpis AS (SELECT {", ".join(KPI_1M.columns[:-1])} FROM kpi_1m WHERE {windows}),
        differing AS (
            (SELECT window_start FROM (TABLE wanted EXCEPT TABLE detail) AS missing)
            UNION (SELECT window_start FROM (TABLE detail EXCEPT TABLE wanted) AS surplus)
            UNION (SELECT window_start FROM (TABLE wanted_by_currency EXCEPT TABLE by_currency) AS missing_sum)
            UNION (SELECT window_start FROM (TABLE by_currency EXCEPT TABLE wanted_by_currency) AS surplus_sum)
            UNION (SELECT window_start FROM (TABLE totals EXCEPT TABLE kpis) AS missing_total)
            UNION (SELECT window_start FROM (TABLE kpis EXCEPT TABLE totals) AS surplus_total)
        )
        SELECT window_start FROM differing ORDER BY 1
    """  # noqa: S608  # names come from the contract


_DIFFERENCES = differences(FROM_EVENTS, "window_start >= %(start)s AND window_start < %(end)s")
_TOUCHED = """
    CREATE TEMP TABLE recomputed ON COMMIT DROP AS
    SELECT DISTINCT window_start FROM (
        SELECT date_trunc('minute', event_time) AS window_start FROM events_clean
        WHERE event_time >= %(start)s AND event_time < %(end)s
        UNION SELECT window_start FROM kpi_1m_detail WHERE window_start >= %(start)s AND window_start < %(end)s
        UNION SELECT window_start FROM kpi_1m_by_currency WHERE window_start >= %(start)s AND window_start < %(end)s
        UNION SELECT window_start FROM kpi_1m WHERE window_start >= %(start)s AND window_start < %(end)s
    ) AS touched
"""
_REMOVE = f"DELETE FROM {KPI_1M_DETAIL.name} WHERE window_start >= %(start)s AND window_start < %(end)s"  # noqa: S608  # names come from the contract
_RECOMPUTE = f"INSERT INTO {KPI_1M_DETAIL.name} ({_DETAIL}) {FROM_EVENTS}"
_REMOVE_UNFOUNDED = """
    DELETE FROM kpi_1m_by_currency AS kept
    WHERE kept.window_start >= %(start)s AND kept.window_start < %(end)s
        AND NOT EXISTS (
            SELECT FROM kpi_1m_detail AS detail
            WHERE detail.window_start = kept.window_start AND detail.currency = kept.currency
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
    """Starts of the windows in [start, end) in which a KPI table differs from `events_clean`. Compare only settled windows (`settled_until`)."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [window for (window,) in cursor.execute(_DIFFERENCES, {"start": start, "end": end})]


def first_comparable(connection: psycopg.Connection[Any], start: datetime) -> datetime:
    """The later of `start` and the time before which events were deleted by age."""
    mark = deleted_before(connection)
    return start if mark is None else max(start, mark)


def expired_windows(connection: psycopg.Connection[Any], start: datetime, end: datetime) -> list[datetime]:
    """Starts of the windows in [start, end) of which some or all events were deleted by age.

    Every event counts in its window's row, so before the retention mark a row that differs from
    `events_clean` has lost events, and any other is complete.
    """
    mark = deleted_before(connection)
    if mark is None or start >= mark:
        return []
    return differing_windows(connection, start, min(end, mark))


def recompute(connection: psycopg.Connection[Any], start: datetime, end: datetime) -> int:
    """Recompute the windows in [start, end) from `events_clean`; returns how many there are.

    `start` and `end` are full minutes. Runs in its own transaction or the caller's.
    The lock keeps the stream's upserts out meanwhile, so neither overwrites part of the other's work;
    the stream continues to write windows that are not settled, which are compared again
    once they are. Raises `DatabaseError` if events of the range were deleted by age.
    """
    with connection.transaction():
        lock_kpis(connection)
        expired = expired_windows(connection, start, end)
        if expired:
            raise DatabaseError(
                f"The events of {len(expired)} minutes from {to_iso8601(expired[0])} to {to_iso8601(expired[-1])} "
                "were deleted by age (see ops.retention). Their KPIs are correct, and "
                "recomputing would lose them. Choose a later range."
            )
        return recompute_locked(connection, start, end)


def recompute_locked(connection: psycopg.Connection[Any], start: datetime, end: datetime) -> int:
    """The same, for a caller whose transaction has the lock (`lock_kpis`) and that knows the range is complete."""
    for limit in (start, end):
        if limit.second or limit.microsecond:
            raise ValueError(f"{limit.isoformat()} is not a full minute; windows begin at full minutes")
    limits = {"start": start, "end": end}
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_TOUCHED, limits)
        cursor.execute(_REMOVE.encode(), limits)
        cursor.execute(_RECOMPUTE.encode(), limits)
        cursor.execute(_REMOVE_UNFOUNDED, limits)
        for derive in DERIVE:
            cursor.execute(derive.format(touched="recomputed").encode())
        cursor.execute(_REMOVE_EMPTY, limits)
        row = cursor.execute("SELECT count(*) FROM recomputed").fetchone()
        cursor.execute("DROP TABLE recomputed")
    return int(row[0]) if row else 0


def recompute_differing(
    connection: psycopg.Connection[Any], start: datetime, end: datetime
) -> list[datetime]:
    """Recompute the windows in [start, end) that differ; returns their starts. See `first_comparable`."""
    differing = differing_windows(connection, start, end)
    recompute_windows(connection, differing)
    return differing


def recompute_windows(connection: psycopg.Connection[Any], windows: list[datetime]) -> None:
    """Recompute single windows, given by their starts."""
    for window in windows:
        recompute(connection, window, window + WINDOW)
