"""Writer of the query `events_clean`: events and rejected records of one batch."""

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from core.tables import EVENTS_CLEAN, EVENTS_REJECTED
from spark_jobs.deduplicate import CONTENT
from spark_jobs.execution import BatchExecution
from spark_jobs.rejected.origin import ORIGIN_COLUMNS, with_origin
from spark_jobs.rules.validate import EVENT_COLUMNS, PAYLOAD_COLUMNS
from spark_jobs.sink.kpis import count_from_events
from spark_jobs.sink.writer import BatchResult, Cursor

REJECTED_COLUMNS = (
    "topic",
    "partition",
    "offset",
    "kafka_time",
    "reason",
    "detail",
    *PAYLOAD_COLUMNS,
    *ORIGIN_COLUMNS,
)
STAGE_GOOD, STAGE_REJECTED = "stage_events", "stage_rejected"

PREPARE = (
    f"CREATE TEMP TABLE {STAGE_GOOD} (LIKE {EVENTS_CLEAN.name}) ON COMMIT DELETE ROWS",
    f"ALTER TABLE {STAGE_GOOD} DROP COLUMN ingest_time",
    f"CREATE TEMP TABLE {STAGE_REJECTED} (LIKE {EVENTS_REJECTED.name}) ON COMMIT DELETE ROWS",
    f"ALTER TABLE {STAGE_REJECTED} DROP COLUMN rejected_at, DROP COLUMN replayed_at",
)

INSERT_GOOD = f"""
    INSERT INTO {EVENTS_CLEAN.name} ({", ".join(EVENT_COLUMNS)})
    SELECT {", ".join(EVENT_COLUMNS)} FROM {STAGE_GOOD}
    ON CONFLICT (id) DO NOTHING
"""  # noqa: S608  # names come from the contract

COUNT_DIFFERING = f"""
    SELECT count(*) FROM {STAGE_GOOD} AS stage JOIN {EVENTS_CLEAN.name} AS kept USING (id)
    WHERE ({", ".join(f"stage.{name}" for name in CONTENT)})
        IS DISTINCT FROM ({", ".join(f"kept.{name}" for name in CONTENT)})
"""  # noqa: S608  # names come from the contract

_QUOTED = ", ".join(f'"{name}"' for name in REJECTED_COLUMNS)
INSERT_REJECTED = f"""
    INSERT INTO {EVENTS_REJECTED.name} ({_QUOTED})
    SELECT
        CASE
            WHEN kept.kafka_time <> stage.kafka_time
                THEN stage.topic || '@' || to_char(stage.kafka_time, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            ELSE stage.topic
        END,
        {", ".join(f'stage."{name}"' for name in REJECTED_COLUMNS[1:])}
    FROM {STAGE_REJECTED} AS stage LEFT JOIN {EVENTS_REJECTED.name} AS kept USING (topic, partition, "offset")
    ON CONFLICT (topic, partition, "offset") DO NOTHING
"""  # noqa: S608  # names come from the contract
"""A recreated topic reuses offsets: a record at an offset that the former topic's row occupies is stored under the
topic's name and the record's time. The session's time zone is UTC."""


def write_events(
    cursor: Cursor, table: pa.Table, execution: BatchExecution, *, shared_until: datetime | None = None
) -> BatchResult:
    """Write `table`, the result of `queries.rows_for_sink`. An existing row counts as a duplicate.

    `shared_until`: see `spark_jobs.start.Start`.
    """
    good, refused = split_rows(table)
    written = _insert(cursor, STAGE_GOOD, good, INSERT_GOOD)
    if written and shared_until is not None:
        count_from_events(cursor, good, shared_until)
    differing = _count_differing(cursor) if written < good.num_rows else 0
    rejected = _insert(cursor, STAGE_REJECTED, refused, INSERT_REJECTED)
    repeated = table.num_rows - written - rejected
    return BatchResult(
        written=written,
        duplicate=execution.duplicate + repeated,
        rejected=rejected,
        max_event_time=pc.max(good["event_time"]).as_py(),
        announce={"events": written, "rejected": rejected},
        differing=differing,
    )


def split_rows(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Events (`EVENT_COLUMNS`) and rejected records (`REJECTED_COLUMNS`) of `table`."""
    is_good = pc.is_null(table["reason"])
    good = table.filter(is_good).select(list(EVENT_COLUMNS))
    return good, with_origin(table.filter(pc.invert(is_good))).select(list(REJECTED_COLUMNS))


def _count_differing(cursor: Cursor) -> int:
    """Number of staged events whose id is stored with other content, from this batch or an earlier one."""
    cursor.execute(COUNT_DIFFERING)
    return int(cursor.fetchone()[0])


def _insert(cursor: Cursor, stage: str, rows: pa.Table, statement: str) -> int:
    if rows.num_rows == 0:
        return 0
    cursor.adbc_ingest(stage, rows, mode="append", temporary=True)
    cursor.execute(statement)
    return int(cursor.rowcount)
