"""The time up to which events were deleted by age, written before the first deletion.

A recomputation of KPIs reads it under the lock that also protects its change, so
no events disappear that the mark it has read declares present.
"""

from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from core.settings import RetentionSettings
from core.tables import EVENTS_CLEAN, RETENTION
from database.kpis import lock_kpis

_READ = f"SELECT deleted_before FROM {RETENTION.name} WHERE relation = '{EVENTS_CLEAN.name}'"  # noqa: S608  # names come from the contract
_ADVANCE = f"""
    INSERT INTO {RETENTION.name} AS kept (relation, deleted_before) VALUES ('{EVENTS_CLEAN.name}', %s)
    ON CONFLICT (relation) DO UPDATE SET
        deleted_before = greatest(kept.deleted_before, excluded.deleted_before), updated_at = now()
"""  # noqa: S608  # as above


def events_limit(retention: RetentionSettings, now: datetime) -> datetime:
    """Event time before which events are deleted: a full hour, so that an hour has all its events or none."""
    return (now - timedelta(days=retention.events_days)).replace(minute=0, second=0, microsecond=0)


def deleted_before(connection: psycopg.Connection[Any]) -> datetime | None:
    """Event time before which events may have been deleted by age; None if none were."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_READ).fetchone()
    return row[0] if row else None


def advance_mark(connection: psycopg.Connection[Any], limit: datetime) -> None:
    """Record that events before `limit` are about to be deleted; the mark never moves back."""
    with connection.transaction():
        lock_kpis(connection)
        connection.execute(_ADVANCE, (limit,))
