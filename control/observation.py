"""The platform's state with its checkpoints and KPIs, as Dagster's sensors and checks observe it: a few statements on
indexes, and two folders.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from control.checkpoint_logs import Checkpoint, read_checkpoint
from control.checkpoints import newest_commit, read_query_id
from control.state import (
    NOW,
    QUERIES,
    QUERIES_SQL,
    REASONS_SQL,
    SERVICES_SQL,
    SHARE_SQL,
    PlatformState,
    age_s,
    platform_state,
)
from core.clock import Clock
from core.settings import Settings

_LEDGER = "SELECT max(batch_id) AS batch_id FROM ops.stream_batch WHERE query_id = %(query_id)s::uuid"
_TOTALS = """
    SELECT
        (SELECT max(window_start) FROM kpi_1m) AS last_window,
        coalesce(sum(records_dropped_by_watermark), 0)::bigint AS dropped,
        min(committed_at) AS dropped_at
    FROM ops.stream_batch WHERE records_dropped_by_watermark > 0 AND healed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """A query's checkpoint, None if there is none, and what the ledger has of it.

    `commit_seen` is the newest commit of the checkpoint before the ledger was read, and `ledger_batch_id` the newest
    batch that the ledger has of this checkpoint: with the checkpoint itself, which is read after the ledger, they can
    be compared while the query continues.
    """

    checkpoint: Checkpoint | None
    age_s: float | None
    commit_seen: int | None
    ledger_batch_id: int | None


@dataclass(frozen=True, slots=True)
class Observation(PlatformState):
    """Everything that the sensors report and the checks judge.

    `checkpoints` by query. `reject_reasons`: rejected records of the last minutes by reason. `last_window` is the
    start of the newest row of `kpi_1m`. `dropped_unhealed_records` were dropped by the watermark and are not brought
    back yet, the first of them `dropped_age_s` ago.
    """

    checkpoints: Mapping[str, CheckpointState]
    reject_reasons: Mapping[str, int]
    last_window: datetime | None
    dropped_unhealed_records: int
    dropped_age_s: float | None


def observe(
    connection: psycopg.Connection[Any],
    settings: Settings,
    *,
    clock: Clock | None = None,
    end_offsets: Mapping[int, int] | None = None,
) -> Observation:
    """The platform's state now, by the database's clock unless there is another. Raises psycopg's own errors.

    `end_offsets`: of the topic, as in `platform_state`.
    """
    folders = {name: settings.checkpoint_dir / name for name in QUERIES}
    commits_seen = {name: newest_commit(folder) for name, folder in folders.items()}
    query_ids = {name: read_query_id(folder) for name, folder in folders.items()}
    with connection.cursor(row_factory=dict_row) as cursor:
        at = clock() if clock else _one(cursor.execute(NOW))["at"]
        state = platform_state(
            at,
            cursor.execute(SERVICES_SQL).fetchall(),
            cursor.execute(QUERIES_SQL).fetchall(),
            _one(cursor.execute(SHARE_SQL, {"at": at})),
            end_offsets,
        )
        in_ledger = {
            name: _one(cursor.execute(_LEDGER, {"query_id": query_ids[name]}))["batch_id"] for name in QUERIES
        }
        reasons = {row["reason"]: row["records"] for row in cursor.execute(REASONS_SQL, {"at": at})}
        totals = _one(cursor.execute(_TOTALS))
    return Observation(
        at=at,
        services=state.services,
        queries=state.queries,
        rejects=state.rejects,
        checkpoints={
            name: _checkpoint(folders[name], commits_seen[name], in_ledger[name], at) for name in QUERIES
        },
        reject_reasons=reasons,
        last_window=totals["last_window"],
        dropped_unhealed_records=totals["dropped"],
        dropped_age_s=age_s(totals["dropped_at"], at),
    )


def _checkpoint(
    folder: Path, commit_seen: int | None, ledger_batch_id: int | None, at: datetime
) -> CheckpointState:
    checkpoint = read_checkpoint(folder)
    written_at = checkpoint.last_written_at if checkpoint else None
    return CheckpointState(checkpoint, age_s(written_at, at), commit_seen, ledger_batch_id)


def _one(cursor: psycopg.Cursor[DictRow]) -> DictRow:
    row = cursor.fetchone()
    assert row is not None, "an aggregate has one row"
    return row
