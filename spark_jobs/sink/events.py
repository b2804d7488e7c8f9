"""Writer of the query `events_clean`: good rows and rejected records of one batch."""

import pyarrow as pa
import pyarrow.compute as pc

from core.tables import EVENTS_CLEAN, EVENTS_REJECTED
from spark_jobs.execution import BatchExecution
from spark_jobs.sink.writer import BatchResult, Cursor
from spark_jobs.validate import EVENT_COLUMNS

__all__ = [
    "INSERT_GOOD",
    "INSERT_REJECTED",
    "PREPARE",
    "REJECTED_COLUMNS",
    "STAGE_GOOD",
    "STAGE_REJECTED",
    "told_apart",
    "write_events",
]

REJECTED_COLUMNS = ("topic", "partition", "offset", "kafka_time", "reason", "detail", "payload")
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
"""Where a topic was lost and made anew, its offsets begin anew too: a record whose place another one of the
former topic holds is kept under the topic's name and its own time. The session's time zone is UTC."""


def write_events(cursor: Cursor, table: pa.Table, execution: BatchExecution) -> BatchResult:
    """Write `table`, as `queries.rows_for_sink` gives it. A row that is there already counts as a duplicate."""
    good, refused = told_apart(table)
    written = _insert(cursor, STAGE_GOOD, good, INSERT_GOOD)
    rejected = _insert(cursor, STAGE_REJECTED, refused, INSERT_REJECTED)
    repeated = table.num_rows - written - rejected
    return BatchResult(
        written=written,
        duplicate=execution.duplicate + repeated,
        rejected=rejected,
        max_event_time=pc.max(good["event_time"]).as_py(),
        announce={"events": written, "rejected": rejected},
    )


def told_apart(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Events (`EVENT_COLUMNS`) and rejected records (`REJECTED_COLUMNS`) of `table`."""
    is_good = pc.is_null(table["reason"])
    good = table.filter(is_good).select(list(EVENT_COLUMNS))
    return good, table.filter(pc.invert(is_good)).select(list(REJECTED_COLUMNS))


def _insert(cursor: Cursor, stage: str, rows: pa.Table, statement: str) -> int:
    if rows.num_rows == 0:
        return 0
    cursor.adbc_ingest(stage, rows, mode="append", temporary=True)
    cursor.execute(statement)
    return int(cursor.rowcount)
