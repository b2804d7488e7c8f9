"""Recover events that the rules accepted but Spark's watermark dropped.

That happens if a backlog is read unevenly over the partitions. The ledger counts them; here
the batch's offsets are read again, without a watermark, and the windows recomputed.
"""

from datetime import datetime
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from core import kafka, postgres
from core.logging import get_logger
from core.settings import Settings
from database import reconcile
from spark_jobs.queries import rows_for_sink
from spark_jobs.rules.validate import EVENT_COLUMNS, validate
from spark_jobs.sink.events import (
    INSERT_GOOD,
    INSERT_REJECTED,
    PREPARE,
    REJECTED_COLUMNS,
    STAGE_GOOD,
    STAGE_REJECTED,
    split_rows,
)
from spark_jobs.source import Offsets, read_range

log = get_logger(__name__)

_NEXT = """
    SELECT query_id, batch_id, offsets_from, offsets_to FROM ops.stream_batch
    WHERE records_dropped_by_watermark > 0 AND healed_at IS NULL
    ORDER BY committed_at LIMIT 1
"""
_HEALED = "UPDATE ops.stream_batch SET healed_at = now() WHERE query_id = %s AND batch_id = %s"


def heal_next_batch(spark: SparkSession, settings: Settings) -> bool:
    """Heal the oldest batch that lost rows to the watermark. False if there is none, or its
    windows may still change (a later call heals it).
    """
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        row = connection.execute(_NEXT).fetchone()
        settled = reconcile.settled_until(connection)
        if row is None or settled is None:
            return False
        query_id, batch_id, first, last = row
        start, end = _still_there(settings, first, last)
        table = _read(spark, settings, start, end)
        windows = _windows(table)
        if any(window >= settled for window in windows):
            return False
        _write(settings, table, windows)
        connection.execute(_HEALED, (query_id, batch_id))
        log.info("batch.healed", query_id=str(query_id), batch_id=batch_id, windows=len(windows))
    return True


def _still_there(settings: Settings, first: dict[str, int], last: dict[str, int]) -> tuple[Offsets, Offsets]:
    """The part of a range that Kafka still has; records of an old batch, as from a backup, may be gone."""
    topic = settings.kafka.topic
    oldest, ends = kafka.first_offsets(settings.kafka, topic), kafka.end_offsets(settings.kafka, topic)
    whole = tuple({int(partition): offset for partition, offset in side.items()} for side in (first, last))
    start, end = (
        {part: min(max(offset, oldest[part]), ends[part]) for part, offset in side.items() if part in ends}
        for side in whole
    )
    if (start, end) != whole:
        log.warning("batch.partly_gone", offsets_from=first, offsets_to=last, oldest=oldest, ends=ends)
    return start, end


def reprocess(spark: SparkSession, settings: Settings, start: Offsets, end: Offsets) -> list[datetime]:
    """Validate the records of an offset range again, write missing rows and recompute their windows.

    All in one transaction. Returns the sorted starts of the windows of the accepted events of the range.
    Safe to repeat: existing rows stay unchanged. Raises `DatabaseError` if events of
    such a window were deleted by age.
    """
    table = _read(spark, settings, start, end)
    windows = _windows(table)
    _write(settings, table, windows)
    return windows


def _read(spark: SparkSession, settings: Settings, start: Offsets, end: Offsets) -> pa.Table:
    records = read_range(spark, settings.kafka, start, end)
    return rows_for_sink(validate(records, settings.shop.currency_codes())).toArrow()


def _windows(table: pa.Table) -> list[datetime]:
    accepted = table.filter(pc.is_null(table["reason"]))["event_time"]
    return sorted({moment.replace(second=0, microsecond=0) for moment in accepted.to_pylist()})


def _write(settings: Settings, table: pa.Table, windows: list[datetime]) -> None:
    good, refused = split_rows(table)
    with postgres.connect(settings.postgres, autocommit=True) as connection, connection.transaction():
        connection.execute("SET LOCAL TIME ZONE 'UTC'")
        for statement in PREPARE:
            connection.execute(statement.encode())
        _insert(connection, STAGE_GOOD, EVENT_COLUMNS, good, INSERT_GOOD)
        _insert(connection, STAGE_REJECTED, REJECTED_COLUMNS, refused, INSERT_REJECTED)
        reconcile.recompute_windows(connection, windows)


def _insert(
    connection: psycopg.Connection[Any], stage: str, columns: tuple[str, ...], rows: pa.Table, statement: str
) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {stage} ({names}) FROM STDIN".encode()) as copy:
        for row in rows.to_pylist():
            copy.write_row([row[name] for name in columns])
    connection.execute(statement.encode())
