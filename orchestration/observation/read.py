"""Reads an observation: four statements on indexes, and two folders."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from core.clock import Clock, utc_now
from core.settings import Settings
from orchestration.checkpoint import Checkpoint, newest_commit, read_checkpoint, read_query_id
from orchestration.observation.model import Observation, QueryState, Rejects, ServiceState

__all__ = ["QUERIES", "observe"]

QUERIES = ("events_clean", "kpi_1m")
"""The streaming queries, by name; each has the ledger, a checkpoint folder and a table of that name."""

REJECTS_MINUTES = 15

_SERVICES = """
    SELECT name, desired, reason, updated_at, pid, started_at, beat_at, coalesce(progress, '{}') AS progress
    FROM ops.service LEFT JOIN ops.heartbeat USING (name)
"""
_NEWEST_BATCH = """
    SELECT batch_id, committed_at, offsets_to,
        (
            SELECT max_event_time FROM ops.stream_batch
            WHERE query_name = %(name)s AND max_event_time IS NOT NULL
            ORDER BY max_event_time DESC LIMIT 1
        ) AS max_event_time,
        (SELECT max(batch_id) FROM ops.stream_batch WHERE query_id = %(query_id)s::uuid) AS ledger_batch_id
    FROM (SELECT) AS one
    LEFT JOIN LATERAL (
        SELECT batch_id, committed_at, offsets_to FROM ops.stream_batch
        WHERE query_name = %(name)s ORDER BY committed_at DESC LIMIT 1
    ) AS newest ON TRUE
"""
_TOTALS = """
    SELECT
        (SELECT max(window_start) FROM kpi_1m) AS last_window,
        (
            SELECT coalesce(sum(records_written + records_duplicate), 0)::bigint FROM ops.stream_batch
            WHERE query_name = 'events_clean' AND committed_at > %(since)s
        ) AS accepted,
        coalesce(sum(records_dropped_by_watermark), 0)::bigint AS dropped,
        min(committed_at) AS dropped_at
    FROM ops.stream_batch WHERE records_dropped_by_watermark > 0 AND healed_at IS NULL
"""
_REJECTS = """
    SELECT reason, count(*) AS records FROM ops.events_rejected
    WHERE rejected_at > %(since)s GROUP BY reason ORDER BY records DESC
"""


def observe(
    connection: psycopg.Connection[Any],
    settings: Settings,
    *,
    clock: Clock = utc_now,
    end_offsets: Mapping[int, int] | None = None,
) -> Observation:
    """The platform's state now. Raises psycopg's own errors.

    With `end_offsets` of the topic, by partition, the backlog is what no batch has committed;
    without them it is what the stream said of itself in its last heartbeat.
    """
    folders = {name: settings.checkpoint_dir / name for name in QUERIES}
    commits_seen = {name: newest_commit(folder) for name, folder in folders.items()}
    query_ids = {name: read_query_id(folder) for name, folder in folders.items()}
    now = clock()
    since = {"since": now - timedelta(minutes=REJECTS_MINUTES)}
    with connection.cursor(row_factory=dict_row) as cursor:
        services = {row["name"]: _service(row, now) for row in cursor.execute(_SERVICES)}
        beats = services["spark_stream"].progress.get("queries", {})
        newest = {
            name: _one(cursor.execute(_NEWEST_BATCH, {"name": name, "query_id": query_ids[name]}))
            for name in QUERIES
        }
        rejected = {row["reason"]: row["records"] for row in cursor.execute(_REJECTS, since)}
        totals = _one(cursor.execute(_TOTALS, since))
    checkpoints = {name: read_checkpoint(folder) for name, folder in folders.items()}
    return Observation(
        at=now,
        services=services,
        queries={
            name: _query(
                name,
                newest[name],
                beats.get(name, {}),
                checkpoints[name],
                commits_seen[name],
                end_offsets,
                now,
            )
            for name in QUERIES
        },
        last_window=totals["last_window"],
        rejects=Rejects(REJECTS_MINUTES, rejected, totals["accepted"]),
        dropped_unhealed_records=totals["dropped"],
        dropped_age_s=_age_s(totals["dropped_at"], now),
    )


def _service(row: DictRow, now: datetime) -> ServiceState:
    return ServiceState(
        name=row["name"],
        desired=row["desired"],
        reason=row["reason"],
        changed_at=row["updated_at"],
        pid=row["pid"],
        started_at=row["started_at"],
        heartbeat_age_s=_age_s(row["beat_at"], now),
        progress=row["progress"],
    )


def _query(
    name: str,
    newest: DictRow,
    beat: dict[str, Any],
    checkpoint: Checkpoint | None,
    commit_seen: int | None,
    end_offsets: Mapping[int, int] | None,
    now: datetime,
) -> QueryState:
    return QueryState(
        name=name,
        batch_id=newest["batch_id"],
        committed_at=newest["committed_at"],
        commit_age_s=_age_s(newest["committed_at"], now),
        max_event_time=newest["max_event_time"],
        event_time_lag_s=_age_s(newest["max_event_time"], now),
        lag_records=_lag_records(newest["offsets_to"], end_offsets, beat),
        input_rate=beat.get("input_rate"),
        processed_rate=beat.get("processed_rate"),
        batch_ms=beat.get("batch_ms"),
        checkpoint=checkpoint,
        checkpoint_age_s=_age_s(checkpoint.last_written_at if checkpoint else None, now),
        commit_seen=commit_seen,
        ledger_batch_id=newest["ledger_batch_id"],
    )


def _lag_records(
    committed: dict[str, int] | None, end_offsets: Mapping[int, int] | None, beat: dict[str, Any]
) -> int | None:
    if end_offsets is None or committed is None:
        return beat.get("lag_records")
    return sum(max(0, end - committed.get(str(partition), 0)) for partition, end in end_offsets.items())


def _age_s(moment: datetime | None, now: datetime) -> float | None:
    """Seconds from `moment` to `now`; 0 where it is ahead (an event may be, within the contract's limit)."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def _one(cursor: psycopg.Cursor[DictRow]) -> DictRow:
    row = cursor.fetchone()
    assert row is not None, "an aggregate has one row"
    return row
