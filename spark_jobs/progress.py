"""What the job reports about its queries with each heartbeat (`control.heartbeat`)."""

import json
from typing import Any

from pyspark.sql.streaming import StreamingQuery


def query_progress(query: StreamingQuery) -> dict[str, Any]:
    """A query's last progress, in the terms of the contract.

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
    """Offset by partition; empty if Spark reports null, as for a batch repeated after a restart."""
    by_topic = json.loads(position) if isinstance(position, str) else position
    return {
        partition: offset for offsets in (by_topic or {}).values() for partition, offset in offsets.items()
    }
