"""Where the queries begin: at their checkpoints, unless the database has fallen behind those."""

from pathlib import Path
from typing import Any

import psycopg

from core import postgres
from core.checkpoints import Note, begin_at_ledger, newest_commit, read_note, read_query_id
from core.clock import utc_now
from core.errors import CheckpointError, DatabaseError
from core.logging import get_logger
from core.settings import Settings
from core.tables import STREAM_BATCH
from database.resume import QUERIES, Beginning, beginnings, read_done
from spark_jobs.source import Offsets

__all__ = ["find_beginnings"]

log = get_logger(__name__)

_KNOWN = f"SELECT 1 FROM {STREAM_BATCH.name} WHERE query_id = %s AND batch_id = %s"  # noqa: S608  # a constant name


def find_beginnings(settings: Settings) -> dict[str, Offsets]:
    """Offsets by query, for those that begin where the ledger ends (see `database.resume`).

    A checkpoint that has committed a batch which the ledger lacks would skip it: the database was restored
    or lost its newest commits. It is set aside. Raises `CheckpointError` where Kafka no longer has what the
    ledger lacks, unless that was accepted.
    """
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            found = {name: _note(connection, settings.checkpoint_dir / name) for name in QUERIES}
            done = read_done(connection)
    except psycopg.Error as error:
        raise DatabaseError(f"The ledger cannot be read: {str(error).strip()}") from None
    notes = {name: note for name, note in found.items() if note is not None}
    known = beginnings(settings.kafka, done, utc_now()) if notes else {}
    for name, note in notes.items():
        _tell(name, known[name], note)
    return {name: known[name].offsets for name in notes}


def _note(connection: psycopg.Connection[Any], folder: Path) -> Note | None:
    query_id, commit = read_query_id(folder), newest_commit(folder)
    if query_id is None or commit is None:
        return read_note(folder)
    if connection.execute(_KNOWN.encode(), (query_id, commit)).fetchone() is not None:
        return None
    log.error(
        "checkpoint.ahead",
        query=folder.name,
        batch_id=commit,
        meaning="the ledger lacks this batch: the database was restored, or has lost its newest commits",
        set_aside=str(begin_at_ledger(folder, utc_now())),
    )
    return read_note(folder)


def _tell(name: str, beginning: Beginning, note: Note) -> None:
    if beginning.lost:
        lost = "; ".join(map(str, beginning.lost))
        if not note.loss_accepted:
            raise CheckpointError(
                f"Query {name}: Kafka has deleted records that the ledger lacks. {lost}. They cannot be had any more. "
                "Restore a newer backup; or accept it: the job reset_checkpoint with keep_offsets: false reads what is left."
            )
        log.error("records.lost", query=name, lost=lost)
    log.info("stream.begins_at_ledger", query=name, offsets=beginning.offsets, unread=beginning.unread)
