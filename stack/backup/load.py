"""Load a backup into a new database, completely and verified, before it replaces anything."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from core import postgres
from core.errors import StackError
from core.settings import Settings
from core.tables import ALERT
from database import migrate, reconcile
from stack.backup.manifest import DUMP, Manifest
from stack.backup.snapshot import NOT_DUMPED, count_rows
from stack.screen import Screen
from stack.servers.postgres.client import check_version, run_client, server_version

Connection = psycopg.Connection[Any]

RECENT = timedelta(minutes=15)
"""How far before the newest event the two queries may differ; these minutes are recomputed."""

SLOWING = """
    SELECT
        format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE contype = 'f' AND connamespace IN ('public'::regnamespace, 'ops'::regnamespace)
    UNION ALL
    SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE c.relnamespace IN ('public'::regnamespace, 'ops'::regnamespace)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid AND contype <> 'f')
"""
"""Statements that drop indexes and foreign keys, which slow a load or depend on its order, and recreate them."""

LOSS = f"""
    INSERT INTO {ALERT.name} (incident, title, text, closed_at) VALUES ('restore:records_lost', %s, %s, now())
"""  # noqa: S608  # a constant name


def load(settings: Settings, folder: Path, manifest: Manifest, screen: Screen) -> None:
    """Fill the empty database of the settings from the backup, and bring it to the newest revision.

    The migrations create the tables, so owner and rights are those of this platform. Raises `StackError`
    if a table does not have the manifest's number of rows.
    """
    migrate(settings.postgres, manifest.revision)
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        check_version(settings, server_version(connection))
        with screen.step(f"loaded {sum(manifest.rows.values()):,} rows"):
            indexes = _emptied(connection)
            options = ["--data-only", "--no-owner", "--exit-on-error", "--no-password"]
            database = f"--dbname={settings.postgres.database}"
            run_client(settings, ["pg_restore", *options, database, str(folder / DUMP)])
        with screen.step("created the indexes and constraints"):
            for statement in indexes:
                connection.execute(statement.encode())
            connection.execute("ANALYZE")
        with screen.step("compared the rows with the manifest"):
            _compare(connection, manifest)
    before, after = migrate(settings.postgres)
    if before != after:
        screen.say(f"  migrated from {before} to {after}")
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        _recompute_newest(connection, manifest)


def note_loss(settings: Settings, lost: Sequence[str]) -> None:
    """Record in the restored database what is lost forever; the alert goes to the webhook."""
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        connection.execute(LOSS.encode(), ("Records were lost by a restore", "; ".join(lost)))


def _emptied(connection: Connection) -> list[str]:
    """Delete rows inserted by migrations; drop foreign keys and indexes and return the statements that recreate them.

    Creating an index after the load costs a fraction of maintaining it meanwhile.
    """
    names = sorted(set(count_rows(connection)[0]) - {NOT_DUMPED})
    tables = sql.SQL(", ").join(sql.Identifier(*name.split(".")) for name in names)
    connection.execute(sql.SQL("TRUNCATE {}").format(tables))
    statements = connection.execute(SLOWING).fetchall()
    for drop, _ in statements:
        connection.execute(drop.encode())
    return [make for _, make in statements]


def _compare(connection: Connection, manifest: Manifest) -> None:
    found, _ = count_rows(connection)
    wrong = [
        f"{name} has {found.get(name, 0):,} rows instead of {rows:,}"
        for name, rows in manifest.rows.items()
        if found.get(name) != rows
    ]
    if wrong:
        raise StackError(f"The backup was not restored in full: {'; '.join(wrong)}.")


def _recompute_newest(connection: Connection, manifest: Manifest) -> None:
    """Recompute the newest minutes, in case one query had committed more than the other.

    A backup may be taken at any time; after this the KPIs agree with `events_clean`.
    """
    newest = manifest.newest
    if newest is None:
        return
    oldest = min(position.newest for position in manifest.positions.values())
    start = reconcile.first_comparable(connection, (oldest - RECENT).replace(second=0, microsecond=0))
    reconcile.recompute_windows(connection, reconcile.differing_windows(connection, start, newest + RECENT))
