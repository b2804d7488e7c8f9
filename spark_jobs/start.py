"""Where the queries start: at their checkpoints, unless these no longer match the ledger or the topic."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from control.checkpoints import batch_files, begin_at_ledger, begins_at_ledger, newest_commit, read_query_id
from core import kafka, postgres
from core.clock import utc_now
from core.errors import DatabaseError
from core.events import SPARK_WATERMARK_DELAY
from core.kpis import MEASURES
from core.logging import get_logger
from core.settings import Settings
from core.tables import KPI_1M, STREAM_BATCH
from core.topic_facts import read_topic_id
from database.reconcile import WINDOW, first_comparable, recompute_differing
from database.resume import (
    QUERIES,
    QueryProgress,
    StartPosition,
    Topic,
    read_progress,
    read_topic,
    start_positions,
)
from spark_jobs.kpis import GRAIN
from spark_jobs.losses import read_seen_ends, record_losses
from spark_jobs.source import Offsets

log = get_logger(__name__)

_KNOWN = f"SELECT 1 FROM {STREAM_BATCH.name} WHERE query_id = %s AND batch_id = %s"  # noqa: S608  # a constant name
_NEWEST_BEFORE = f"""
    SELECT coalesce(max_event_time, committed_at) FROM {STREAM_BATCH.name}
    WHERE query_name = %s AND committed_at < coalesce(
        (SELECT committed_at FROM {STREAM_BATCH.name} WHERE query_id = %s ORDER BY batch_id LIMIT 1), 'infinity'
    )
    ORDER BY committed_at DESC LIMIT 1
"""  # noqa: S608  # as above

MEASURES_NOTE = "measures.json"
MEASURES_STATE = json.dumps(
    [GRAIN, [[measure.name, measure.event_type, measure.unit] for measure in MEASURES]]
)
"""Columns in the state of the KPI query. Spark cannot continue from a state with other columns."""


@dataclass(frozen=True, slots=True)
class Start:
    """The topic's id (None if Kafka gives none), and the offsets of the queries that start where the ledger ends.

    `shared_until`: end of the windows that may have events from before the checkpoint of `kpi_1m`, which are not in its
    state: the query `events_clean` counts them. None if that checkpoint is the first one.
    """

    topic_id: str | None
    offsets: dict[str, Offsets]
    shared_until: datetime | None = None


def prepare_start(settings: Settings, broker_timeout_s: float = 10) -> Start:
    """Determine where each query starts (see `database.resume`), and set unusable checkpoints aside.

    A checkpoint is unusable if it has committed a batch that the ledger lacks (the database was restored, or lost its
    newest commits), if Kafka has deleted the next records or the topic, or if its state has other columns than
    `spark_jobs.kpis` makes. Losses are recorded, and the query resumes after them. The KPIs of the windows that a new checkpoint
    shares with an earlier one are compared with `events_clean` first. Raises `BrokerError` and `DatabaseError` if a
    server does not respond.
    """
    kafka.wait_until_reachable(settings.kafka, broker_timeout_s)
    topic_id = read_topic_id(kafka.admin_client(settings.kafka), settings.kafka.topic)
    topic = read_topic(settings.kafka, topic_id)
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            offsets = _offsets(connection, settings, topic)
            kpis = settings.checkpoint_dir / KPI_1M.name
            kpis.mkdir(parents=True, exist_ok=True)
            (kpis / MEASURES_NOTE).write_text(MEASURES_STATE, encoding="utf-8")
            shared = _shared_windows(connection, kpis)
            if offsets and shared:
                recompute_differing(connection, *shared)
            return Start(topic_id, offsets, shared and shared[1])
    except psycopg.Error as error:
        raise DatabaseError(f"The ledger cannot be read: {str(error).strip()}") from None


def _offsets(connection: psycopg.Connection[Any], settings: Settings, topic: Topic) -> dict[str, Offsets]:
    done = read_progress(connection)
    folders = {name: settings.checkpoint_dir / name for name in QUERIES}
    for folder in folders.values():
        if _is_ahead(connection, folder):
            meaning = "the ledger lacks this batch: the database was restored, or has lost its newest commits"
            _set_aside("checkpoint.ahead", folder, meaning)
    kpis = folders[KPI_1M.name]
    if batch_files(kpis / "offsets") and _noted_measures(kpis) != MEASURES_STATE:
        _set_aside(
            "checkpoint.other_measures",
            kpis,
            "its state has other measures or fields than core/kpis.py and core/events.py",
        )
    lacking = {name for name, each in done.items() if topic.lacks(each)}
    if not lacking and not any(map(begins_at_ledger, folders.values())):
        return {}
    known = _start_positions(connection, settings, topic, done)
    for name in sorted(lacking):
        record_losses(connection, settings.kafka.topic, name, known[name].lost)
        _set_aside("checkpoint.behind", folders[name], "Kafka has deleted the next records")
    chosen = {name: known[name] for name, folder in folders.items() if begins_at_ledger(folder)}
    for name, beginning in chosen.items():
        log.info("stream.begins_at_ledger", query=name, offsets=beginning.offsets, unread=beginning.unread)
    return {name: beginning.offsets for name, beginning in chosen.items()}


def _shared_windows(connection: psycopg.Connection[Any], kpis: Path) -> tuple[datetime, datetime] | None:
    """The windows (start, end) that may have events from before the checkpoint `kpis`; None if it is the first one."""
    query_id = read_query_id(kpis)
    rows = (connection.execute(_NEWEST_BEFORE.encode(), (name, query_id)).fetchone() for name in QUERIES)
    newest = {name: row[0] for name, row in zip(QUERIES, rows, strict=True) if row}
    if KPI_1M.name not in newest:
        return None
    start, end = min(newest.values()) - SPARK_WATERMARK_DELAY, max(newest.values()) + SPARK_WATERMARK_DELAY
    first = first_comparable(connection, start.replace(second=0, microsecond=0))
    return first, end.replace(second=0, microsecond=0) + WINDOW


def _start_positions(
    connection: psycopg.Connection[Any], settings: Settings, topic: Topic, done: dict[str, QueryProgress]
) -> dict[str, StartPosition]:
    former = next((each.topic_id for each in done.values() if topic.replaces(each)), None)
    return start_positions(settings.kafka, topic, done, utc_now(), read_seen_ends(connection, former))


def _is_ahead(connection: psycopg.Connection[Any], folder: Path) -> bool:
    query_id, commit = read_query_id(folder), newest_commit(folder)
    if query_id is None or commit is None:
        return False
    return connection.execute(_KNOWN.encode(), (query_id, commit)).fetchone() is None


def _noted_measures(folder: Path) -> str | None:
    note = folder / MEASURES_NOTE
    return note.read_text(encoding="utf-8") if note.exists() else None


def _set_aside(event: str, folder: Path, meaning: str) -> None:
    """Start a new checkpoint for a query, unless there is an unused new one."""
    if not begins_at_ledger(folder):
        batch_id, aside = newest_commit(folder), begin_at_ledger(folder, utc_now())
        log.error(event, query=folder.name, batch_id=batch_id, meaning=meaning, set_aside=str(aside))
