"""Writer of the query `kpi_1m`: KPIs in detail, and the other two tables derived from them."""

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from core.kpis import COUNTS
from core.tables import KPI_1M_DETAIL
from database.kpis import DERIVE, DETAIL_COLUMNS, FROM_EVENTS, LOCK_KPIS, upsert_clause
from database.reconcile import WINDOW
from spark_jobs.execution import BatchExecution
from spark_jobs.sink.writer import BatchResult, Cursor

STAGE = "stage_kpis"

PREPARE = (
    f"CREATE TEMP TABLE {STAGE} (LIKE {KPI_1M_DETAIL.name}) ON COMMIT DELETE ROWS",
    f"ALTER TABLE {STAGE} DROP COLUMN processed_at",
)

_EVENTS = " + ".join("{row}." + name for name in COUNTS)

_UPSERT = f"""
    INSERT INTO {KPI_1M_DETAIL.name} AS kept ({", ".join(DETAIL_COLUMNS)}) {{rows}}
    {upsert_clause(KPI_1M_DETAIL)}
    WHERE {_EVENTS.format(row="excluded")} >= {_EVENTS.format(row="kept")}
"""  # names come from the contract
"""A row only gains events, so one with fewer events is partial (a new checkpoint
started in the middle of the window) and does not replace the existing row."""
UPSERT = _UPSERT.format(rows=f"SELECT {', '.join(DETAIL_COLUMNS)} FROM {STAGE}")  # noqa: S608  # as above

_LIMITS = {"start": "$1::text::timestamptz", "end": "$2::text::timestamptz"}
_UPSERT_FROM_EVENTS = _UPSERT.format(rows=FROM_EVENTS % _LIMITS)
_BETWEEN = (
    f"{KPI_1M_DETAIL.name} WHERE window_start >= {_LIMITS['start']} AND window_start < {_LIMITS['end']}"
)


def write_kpis(cursor: Cursor, table: pa.Table, execution: BatchExecution) -> BatchResult:
    """Write the changed rows of `table` (`DETAIL_COLUMNS`, `max_event_time`); `written` counts their records.

    A batch holds only the rows that changed, so the other tables are derived from all rows of its windows.
    """
    if table.num_rows:
        cursor.adbc_ingest(STAGE, table.select(list(DETAIL_COLUMNS)), mode="append", temporary=True)
        cursor.execute(UPSERT)
        for derive in DERIVE:
            cursor.execute(derive.format(touched=STAGE))
    accepted = execution.read if execution.accepted is None else execution.accepted
    windows = sorted({start.isoformat() for start in table["window_start"].to_pylist()})
    return BatchResult(
        written=accepted - execution.duplicate - execution.dropped_by_watermark,
        duplicate=execution.duplicate,
        rejected=execution.read - accepted,
        max_event_time=pc.max(table["max_event_time"]).as_py(),
        announce={"windows": windows[-60:]},
    )


def count_from_events(cursor: Cursor, events: pa.Table, until: datetime) -> None:
    """Upsert the KPIs of the windows of `events` up to `until`, from `events_clean`, which has these events.

    For windows of which the state of the query `kpi_1m` lacks events. The lock blocks that query meanwhile.
    """
    first, last = (
        moment.replace(second=0, microsecond=0)
        for moment in pc.min_max(events["event_time"]).as_py().values()
    )
    limits = first.isoformat(), min(last + WINDOW, until).isoformat()
    if first < until:
        cursor.execute(LOCK_KPIS)
        cursor.execute(_UPSERT_FROM_EVENTS, limits)
        for derive in DERIVE:
            cursor.execute(derive.format(touched=_BETWEEN), limits)
