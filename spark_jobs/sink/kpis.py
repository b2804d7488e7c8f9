"""Writer of the query `kpi_1m`: KPIs by currency, and `kpi_1m` derived from them."""

import pyarrow as pa
import pyarrow.compute as pc

from core.tables import KPI_1M_BY_CURRENCY
from database.kpis import COUNTS, DERIVE_KPI_1M, KPI_COLUMNS
from spark_jobs.execution import BatchExecution
from spark_jobs.sink.writer import BatchResult, Cursor

__all__ = ["PREPARE", "UPSERT", "write_kpis"]

STAGE = "stage_kpis"

PREPARE = (
    f"CREATE TEMP TABLE {STAGE} (LIKE {KPI_1M_BY_CURRENCY.name}) ON COMMIT DELETE ROWS",
    f"ALTER TABLE {STAGE} DROP COLUMN processed_at",
)

_SET = ", ".join(f"{name} = excluded.{name}" for name in KPI_COLUMNS if name not in KPI_1M_BY_CURRENCY.key)
_EVENTS = " + ".join("{row}." + name for name in COUNTS)

UPSERT = f"""
    INSERT INTO {KPI_1M_BY_CURRENCY.name} AS kept ({", ".join(KPI_COLUMNS)})
    SELECT {", ".join(KPI_COLUMNS)} FROM {STAGE}
    ON CONFLICT (window_start, currency) DO UPDATE SET {_SET}, processed_at = now()
    WHERE {_EVENTS.format(row="excluded")} >= {_EVENTS.format(row="kept")}
"""  # noqa: S608  # names come from the contract
"""A window only ever gains events, so a row of fewer events is a partial one (a new checkpoint
that began in the middle of the window) and does not replace what is there."""


def write_kpis(cursor: Cursor, table: pa.Table, execution: BatchExecution) -> BatchResult:
    """Write the changed windows of `table` (`KPI_COLUMNS`, `max_event_time`); `written` counts the records in them."""
    if table.num_rows:
        cursor.adbc_ingest(STAGE, table.select(list(KPI_COLUMNS)), mode="append", temporary=True)
        cursor.execute(UPSERT)
        cursor.execute(DERIVE_KPI_1M.format(touched=STAGE))
    accepted = execution.read if execution.accepted is None else execution.accepted
    windows = sorted({start.isoformat() for start in table["window_start"].to_pylist()})
    return BatchResult(
        written=accepted - execution.duplicate - execution.dropped_by_watermark,
        duplicate=execution.duplicate,
        rejected=execution.read - accepted,
        max_event_time=pc.max(table["max_event_time"]).as_py(),
        announce={"windows": windows[-60:]},
    )
