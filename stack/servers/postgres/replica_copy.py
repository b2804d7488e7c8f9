"""A copy of the primary for the replica: when one is needed, and how it is created."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from core.errors import DatabaseError
from stack.host.unprivileged import Account
from stack.servers.postgres.access import write_private_for

SLOT = "orderpulse_replica"

_STATUS = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s"
_END_READER = """
    SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots
    WHERE slot_name = %s AND active_pid IS NOT NULL
"""
_DROP = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"
_MAKE = "SELECT pg_create_physical_replication_slot(%s, true)"
_IDENTIFIER = "SELECT system_identifier::text FROM pg_control_system()"


def slot_status(connection: psycopg.Connection[Any]) -> str | None:
    """PostgreSQL's WAL status of the replica's slot (`lost`: too little retained); None: no slot."""
    row = connection.execute(_STATUS, (SLOT,)).fetchone()
    return row[0] if row else None


def reason_to_copy(connection: psycopg.Connection[Any], home: Path) -> str | None:
    """Why the replica in `home` must be copied from the primary; None if it can follow.

    `connection` is the superuser's.
    """
    if not (home / "cluster").exists():
        return "there is none yet"
    status = slot_status(connection)
    if status is None:
        return "the primary does not know it (the slot is gone)"
    if status == "lost":
        return "it is too far behind: the primary has discarded the WAL it needs"
    if _mark(home).read_text(encoding="utf-8") != _identifier(connection):
        return "the primary is not the one it was copied from"
    return None


def copy_primary(
    connection: psycopg.Connection[Any], backup: Sequence[str], home: Path, account: Account | None
) -> None:
    """Replace the copy of the primary in `home`, and create a slot on the primary.

    `backup`: the command of pg_basebackup without target and slot. An incomplete copy is started
    again. Raises `DatabaseError` if it fails.
    """
    _new_slot(connection)
    unfinished = home / "cluster.unfinished"
    for folder in (unfinished, home / "cluster"):
        shutil.rmtree(folder, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account is not None:
        os.chown(unfinished, account.uid, account.gid)
    answer = subprocess.run(
        [*backup, f"--pgdata={unfinished}", "--checkpoint=fast", "--wal-method=stream", f"--slot={SLOT}"],
        **(account.process_options() if account else {}),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise DatabaseError(f"The replica could not be created: {answer.stderr.strip()[-600:]}")
    write_private_for(account, unfinished / "standby.signal", "")
    _mark(home).write_text(_identifier(connection), encoding="utf-8")
    unfinished.rename(home / "cluster")


def _new_slot(connection: psycopg.Connection[Any]) -> None:
    """Replace the slot. The caller has the replica's lock, so nothing else uses the former one."""
    for statement in (_END_READER, _DROP, _MAKE):
        connection.execute(statement, (SLOT,))


def _identifier(connection: psycopg.Connection[Any]) -> str:
    """The primary's system identifier, which restarts do not change."""
    row = connection.execute(_IDENTIFIER).fetchone()
    assert row is not None, "the statement has one row"
    return str(row[0])


def _mark(home: Path) -> Path:
    """The file with the system identifier of the copied primary."""
    return home / "primary"
