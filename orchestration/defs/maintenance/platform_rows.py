"""Rows to delete from the platform's database, and rows kept whatever their age."""

from datetime import datetime, timedelta

from core.settings import RetentionSettings
from core.tables import ALERT, EVENTS_CLEAN, EVENTS_REJECTED, STREAM_BATCH
from database.retention import events_limit
from orchestration.defs.maintenance.purge import ExpiredRows

KEPT_BATCHES = 100
"""Newest ledger rows of a query that are kept: a checkpoint may repeat their batches, and checks compare them."""

_LEDGER = f"""
    old.committed_at < %(limit)s
    AND (old.records_dropped_by_watermark = 0 OR old.healed_at IS NOT NULL)
    AND old.batch_id <= (
        SELECT max(newest.batch_id) - {KEPT_BATCHES} FROM {STREAM_BATCH.name} AS newest
        WHERE newest.query_id = old.query_id
    )
"""  # noqa: S608  # names from core.tables


def platform_rows(retention: RetentionSettings, now: datetime) -> list[ExpiredRows]:
    """Events, rejected records, ledger rows and closed alerts older than the retention settings."""
    events = {"limit": events_limit(retention, now)}
    ledger = {"limit": now - timedelta(days=retention.ledger_days)}
    return [
        ExpiredRows(EVENTS_CLEAN.name, EVENTS_CLEAN.name, "old.event_time < %(limit)s", events),
        ExpiredRows(EVENTS_REJECTED.name, EVENTS_REJECTED.name, "old.rejected_at < %(limit)s", events),
        ExpiredRows(STREAM_BATCH.name, STREAM_BATCH.name, _LEDGER, ledger),
        ExpiredRows(ALERT.name, ALERT.name, "old.closed_at < %(limit)s", ledger),
    ]
