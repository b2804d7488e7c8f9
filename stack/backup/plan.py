"""Plan a restore: verify the backup, inspect the current database, determine what is lost forever."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from core import postgres
from core.clock import to_iso8601, utc_now
from core.errors import StackError
from core.settings import Settings
from core.tables import EVENTS_CLEAN, EVENTS_REJECTED, KPI_1M, STREAM_BATCH
from core.topic_facts import identify
from database import known_revisions
from database.resume import QUERIES, QueryProgress, StartPosition, read_topic, start_positions
from stack.backup.backups import verify_backup
from stack.backup.manifest import Manifest
from stack.backup.running import refuse_while_running
from stack.screen import Screen
from stack.servers.postgres import databases

PRESENT = f"""
    SELECT
        (SELECT count(*) FROM {EVENTS_CLEAN.name}),
        (SELECT max(event_time) FROM {EVENTS_CLEAN.name}),
        EXISTS (SELECT FROM {EVENTS_REJECTED.name}) OR EXISTS (SELECT FROM {KPI_1M.name})
        OR EXISTS (SELECT FROM {STREAM_BATCH.name})
"""  # noqa: S608  # constant names


@dataclass(frozen=True, slots=True)
class Plan:
    """What a restore will do. `present`: description of the database it replaces, or None if there is none.

    `start_positions` is None if the topic is not the backup's: its offsets are not valid there.
    """

    folder: Path
    manifest: Manifest
    present: str | None
    worthless: bool
    start_positions: dict[str, StartPosition] | None
    lost: tuple[str, ...]

    def words(self, database: str) -> Iterator[str]:
        """The plan as lines of text."""
        newest = to_iso8601(self.manifest.newest) if self.manifest.newest else "none"
        yield f"Backup of {to_iso8601(self.manifest.made_at)}: {sum(self.manifest.rows.values()):,} rows, newest event {newest}."
        if self.present is None:
            yield f"There is no database {database}; it is created."
        else:
            kept = "is empty and is dropped" if self.worthless else "is kept under another name"
            yield f"It replaces the database {database}, which {kept}: {self.present}."
        if self.start_positions is None:
            yield "The topic is not the backup's: the stream reads the current one from its first record."
            return
        for name, beginning in self.start_positions.items():
            yield f"Query {name} resumes where the backup ends, with {beginning.unread:,} records to read."


def plan_restore(settings: Settings, folder: Path, screen: Screen) -> Plan:
    """Verify the backup, inspect the current database, and determine what is lost forever. Changes nothing.

    Raises `StackError` if the backup cannot be restored, or if something runs that must not.
    """
    refuse_while_running(settings)
    with screen.step("verified the backup"):
        manifest = verify_backup(settings, folder)
    if manifest.revision not in known_revisions():
        raise StackError(
            f"The backup is of revision {manifest.revision} of the database, which this release ({known_revisions()[0]} is "
            f"its newest) does not know: it was made by a newer one ({manifest.release}). Restore it with that release."
        )
    with databases.administration(settings) as connection:
        is_there = databases.exists(connection, settings.postgres.database)
    present, worthless = _present(settings) if is_there else (None, True)
    found, lost = _start_positions(settings, manifest)
    return Plan(folder, manifest, present, worthless, found, lost)


def _present(settings: Settings) -> tuple[str, bool]:
    """Description of the current database, and whether it is empty."""
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            row = connection.execute(PRESENT.encode()).fetchone()
    except psycopg.Error as error:
        return f"it cannot be read ({str(error).strip().splitlines()[0]})", False
    assert row is not None, "a query without FROM has one row"
    events, newest, others = row
    if not events and not others:
        return "it is empty", True
    return f"{events:,} events" + (f", the newest of {to_iso8601(newest)}" if newest else ""), False


def _start_positions(
    settings: Settings, manifest: Manifest
) -> tuple[dict[str, StartPosition] | None, tuple[str, ...]]:
    topic = identify(settings.kafka)
    known = manifest.topic
    if known is not None and (known.cluster_id, known.topic_id) != (topic.cluster_id, topic.topic_id):
        since = f" after {to_iso8601(manifest.newest)}" if manifest.newest else ""
        return None, (f"The backup's topic {known.name} is gone, with all its records{since}",)
    done = {
        name: QueryProgress(position.offsets, position.newest)
        for name, position in manifest.positions.items()
    }
    found = start_positions(settings.kafka, read_topic(settings.kafka), done, utc_now())
    return found, tuple(f"{name}: {lost}" for name in QUERIES for lost in found[name].lost)
