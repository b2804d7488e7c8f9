"""Spark's figures for the current micro-batch: its offsets and row counts.

They are needed before the batch is committed, so they are read from its executed
plan and not from the progress report that follows. Classic (not Connect) sessions only.
"""

import json
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from core.errors import CheckpointError
from spark_jobs.source import Offsets


@dataclass(frozen=True, slots=True)
class BatchExecution:
    """Counts in records. `accepted` is None if the plan has no filter on verdicts.

    `counted_once` is False if part of the batch was computed again because an executor was lost with
    its shuffle files: the result is still right, but Spark counted that part more than once.
    """

    offsets_from: Offsets
    offsets_to: Offsets
    read: int
    accepted: int | None
    duplicate: int
    dropped_by_watermark: int
    counted_once: bool = True


def find_query(spark: SparkSession, name: str) -> StreamingQuery:
    """The active query of that name, in the session that started it (a batch has a copy of the session,
    which knows no query). Raises `CheckpointError` if none runs.
    """
    for query in spark.streams.active:
        if query.name == name:
            return query
    raise CheckpointError(f"No streaming query '{name}' is active")


def read_execution(query: StreamingQuery) -> BatchExecution:
    """Figures of the batch that `query` has just computed completely."""
    plan = query._jsq.streamingQuery().lastExecution().executedPlan()  # noqa: SLF001  # no public API
    totals = {"duplicate": 0, "dropped": 0, "split_rows": 0}
    read, accepted = 0, None
    offsets: tuple[Offsets, Offsets] = ({}, {})
    pending = [plan]
    while pending:
        node = pending.pop()
        kind = node.nodeName()
        if kind == "MicroBatchScan":
            read += _metric(node, "numOutputRows")
            offsets = _offsets(node.start()), _offsets(node.end())
        elif kind == "Filter":
            accepted = _metric(node, "numOutputRows")
        elif "numRowsDroppedByWatermark" in (metrics := _metric_names(node)):
            dropped = _metric(node, "numRowsDroppedByWatermark")
            totals["dropped"] += dropped
            if "numDroppedDuplicateRows" in metrics:
                duplicates = _metric(node, "numDroppedDuplicateRows")
                totals["duplicate"] += duplicates
                totals["split_rows"] += duplicates + dropped + _metric(node, "numOutputRows")
        children = node.children()
        pending += [children.apply(index) for index in range(children.size())]
    offered = sum(end - offsets[0].get(partition, 0) for partition, end in offsets[1].items())
    entered = read if accepted is None else accepted
    return BatchExecution(
        *offsets,
        read=read,
        accepted=accepted,
        duplicate=totals["duplicate"],
        dropped_by_watermark=totals["dropped"],
        counted_once=read <= offered and entered == totals["split_rows"],
    )


def _metric_names(node: Any) -> str:
    return str(node.metrics().keys().mkString(" "))


def _metric(node: Any, name: str) -> int:
    return int(node.metrics().apply(name).value())


def _offsets(position: Any) -> Offsets:
    by_topic = json.loads(position.json())
    return {
        int(partition): offset for partitions in by_topic.values() for partition, offset in partitions.items()
    }
