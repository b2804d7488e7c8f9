"""What the job says of itself: one row in `ops.heartbeat`, written every second."""

import json
import os
from datetime import datetime
from typing import Any

import psycopg
from pyspark.sql.streaming import StreamingQuery

from core import postgres
from core.clock import Clock, utc_now
from core.logging import get_logger
from core.settings import PostgresSettings

__all__ = ["Heartbeat", "query_progress"]

log = get_logger(__name__)

BEAT = """
    INSERT INTO ops.heartbeat (name, pid, started_at, beat_at, progress) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (name) DO UPDATE SET
        pid = excluded.pid, started_at = excluded.started_at, beat_at = excluded.beat_at, progress = excluded.progress
"""


class Heartbeat:
    """Writes the heartbeat `name`; a database that is away is logged once and tried at the next beat."""

    def __init__(self, name: str, settings: PostgresSettings, clock: Clock = utc_now) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._started_at: datetime = clock()
        self._connection: psycopg.Connection[Any] | None = None
        self._reachable = True

    def beat(self, progress: dict[str, Any]) -> None:
        """Write one beat with `progress` (JSON)."""
        row = (self._name, os.getpid(), self._started_at, self._clock(), json.dumps(progress))
        try:
            if self._connection is None or self._connection.closed:
                self._connection = postgres.connect(self._settings, autocommit=True)
            self._connection.execute(BEAT, row)
        except psycopg.OperationalError as error:
            if self._reachable:
                log.warning("heartbeat.database_away", error=str(error).strip())
            self._connection, self._reachable = None, False
        else:
            self._reachable = True


def query_progress(query: StreamingQuery) -> dict[str, Any]:
    """A query's last progress in the terms of the contract.

    `input_rate` and `processed_rate` in records/s, `lag_records` behind the topic's end,
    `watermark` ISO-8601, `state_rows` and `dropped_by_watermark` summed over its operators
    (the latter for the last batch), `batch_ms` the last batch's duration.
    """
    progress = query.lastProgress
    if progress is None:
        return {"batch_id": None, "active": query.isActive}
    operators = progress["stateOperators"]
    return {
        "query_id": progress["id"],
        "active": query.isActive,
        "batch_id": progress["batchId"],
        "timestamp": progress["timestamp"],
        "records": progress["numInputRows"],
        "input_rate": progress.get("inputRowsPerSecond"),
        "processed_rate": progress.get("processedRowsPerSecond"),
        "lag_records": sum(_lag(source) for source in progress["sources"]),
        "watermark": progress.get("eventTime", {}).get("watermark"),
        "state_rows": sum(operator["numRowsTotal"] for operator in operators),
        "state_bytes": sum(operator["memoryUsedBytes"] for operator in operators),
        "dropped_by_watermark": sum(operator["numRowsDroppedByWatermark"] for operator in operators),
        "batch_ms": progress.get("durationMs", {}).get("triggerExecution"),
        "durations_ms": progress.get("durationMs", {}),
    }


def _lag(source: dict[str, Any]) -> int:
    ends, latest = _partitions(source.get("endOffset")), _partitions(source.get("latestOffset"))
    return sum(max(0, offset - ends.get(partition, 0)) for partition, offset in latest.items())


def _partitions(position: Any) -> dict[str, int]:
    """Offset by partition; none where Spark says null, as it does of a batch repeated after a restart."""
    by_topic = json.loads(position) if isinstance(position, str) else position
    return {
        partition: offset for offsets in (by_topic or {}).values() for partition, offset in offsets.items()
    }
