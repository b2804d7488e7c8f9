"""Past events in the database: one transaction, in which their minutes are recomputed."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import psycopg
import pyarrow as pa
from pyarrow import csv

from core.tables import EVENTS_CLEAN
from database import touched
from database.kpis import lock_kpis
from database.retention import deleted_before
from spark_jobs.rules.validate import EVENT_COLUMNS
from spark_jobs.sink import events as sink

_EVENT = ", ".join(EVENT_COLUMNS)
_STAGE = sink.STAGE_GOOD
_SEEN = "CREATE TEMP TABLE seen (id TEXT PRIMARY KEY)"
PREPARE = (
    *(statement for statement in sink.PREPARE if _STAGE in statement),
    f"ALTER TABLE {_STAGE} ADD COLUMN row INTEGER",
    touched.CREATE,
    _SEEN,
)
_COPY = f"COPY {_STAGE} ({_EVENT}, row) FROM STDIN (FORMAT csv)"
_MINUTE = "date_trunc('minute', event_time)"
_BEFORE = f"INSERT INTO touched SELECT DISTINCT {_MINUTE} FROM {_STAGE} WHERE event_time < %s"  # noqa: S608  # names come from the contract
_EXPIRE = f"DELETE FROM {_STAGE} WHERE {_MINUTE} = ANY(%s) RETURNING row"  # noqa: S608  # as above
_INSERT = f"""
    WITH new AS (
        INSERT INTO {EVENTS_CLEAN.name} ({_EVENT}) SELECT {_EVENT} FROM {_STAGE} ORDER BY id, row
        ON CONFLICT (id) DO NOTHING RETURNING event_time
    ),
    minutes AS (INSERT INTO touched SELECT DISTINCT {_MINUTE} FROM new RETURNING 1)
    SELECT (SELECT count(*) FROM new), (SELECT count(*) FROM minutes)
"""  # noqa: S608  # as above; in a fixed order, as in `replay`
_COUNT = f"""
    WITH first AS (INSERT INTO seen SELECT id FROM {_STAGE} ON CONFLICT DO NOTHING RETURNING id)
    SELECT count(*) FROM first WHERE NOT EXISTS (SELECT FROM {EVENTS_CLEAN.name} AS kept WHERE kept.id = first.id)
"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of events. `expired`: the rows whose minutes lost events by age, so that KPIs would be wrong."""

    new: int
    duplicate: int
    differing: int
    minutes: int
    expired: list[int]


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Create the temporary tables of a connection in autocommit mode."""
    for statement in PREPARE:
        connection.execute(statement.encode())


def store(connection: psycopg.Connection[Any], events: pa.Table, *, dry_run: bool) -> Stored:
    """Write events (`EVENT_COLUMNS` and `row`, a number) and recompute the minutes of those that are new.

    `dry_run` counts and changes nothing.
    """
    with connection.transaction():
        _copy(connection, events)
        if not dry_run:
            lock_kpis(connection)
        expired = _expired(connection)
        new, minutes = (_count_new(connection), 0) if dry_run else _insert(connection)
        duplicate = events.num_rows - len(expired) - new
        differing = _one(connection, sink.COUNT_DIFFERING)[0] if duplicate else 0
    return Stored(new, duplicate, differing, minutes, expired)


def _copy(connection: psycopg.Connection[Any], events: pa.Table) -> None:
    text = BytesIO()
    csv.write_csv(events, text, csv.WriteOptions(include_header=False))
    with connection.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
        copy.write(text.getbuffer())


def _expired(connection: psycopg.Connection[Any]) -> list[int]:
    """Take the events out of the stage whose minutes lost events by age; their rows."""
    mark = deleted_before(connection)
    if mark is None or not connection.execute(_BEFORE.encode(), (mark,)).rowcount:
        return []
    minutes = touched.differing(connection)
    connection.execute("DELETE FROM touched")
    return [row for (row,) in connection.execute(_EXPIRE.encode(), (minutes,))] if minutes else []


def _insert(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    new, minutes = _one(connection, _INSERT)
    if new:
        touched.recompute(connection)
    return new, minutes


def _count_new(connection: psycopg.Connection[Any]) -> int:
    """Events that are neither in the database nor in an earlier part of the file."""
    return int(_one(connection, _COUNT)[0])


def _one(connection: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(statement.encode()).fetchone()
    assert row is not None, "an aggregate has a row"
    return row
