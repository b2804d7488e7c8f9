"""The database's streaming replica in the profile `cluster`: it serves the API's reads.

It is made from the primary by pg_basebackup and follows it through a physical slot, which keeps what it has not
read yet, up to `max_slot_wal_keep_size`. One that can no longer follow is made anew when it starts.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from core import postgres
from core.errors import DatabaseError
from core.logging import get_logger
from core.settings import PostgresSettings, Settings
from stack import postgres_access, postgres_server
from stack.identities import secret
from stack.postgres_access import REPLICA_USER
from stack.postgres_programs import program
from stack.postgres_users import ensure_user
from stack.unprivileged import Account, server_account

__all__ = ["NAME", "SLOT", "command", "prepare", "replica_health", "replica_home", "replica_settings"]

NAME = "postgres_replica"
SLOT = "orderpulse_replica"
ANSWER_TIMEOUT_S = 2.0
BEHIND_LIMIT_S = 30.0

log = get_logger(__name__)

_SLOT = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s"
_MAKE_SLOT = "SELECT pg_create_physical_replication_slot(%s, true)"
_IDENTIFIER = "SELECT system_identifier::text FROM pg_control_system()"
_STATE = """
    SELECT
        pg_is_in_recovery(),
        EXISTS (SELECT FROM pg_stat_wal_receiver),
        pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn(),
        coalesce(extract(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float8
"""
"""Whoever has applied all that it hears is not behind, however long the primary has had nothing to tell."""


def replica_home(settings: Settings) -> Path:
    """Folder of the replica's cluster and of what it reads to follow the primary."""
    return postgres_server.cluster_home(settings, NAME)


def replica_settings(settings: Settings) -> PostgresSettings:
    """How to reach the replica, as whom the settings say."""
    return settings.postgres.model_copy(update={"port": settings.cluster.replica_port})


def prepare(settings: Settings) -> None:
    """Make the replica, or make it anew where it can follow no more; else leave it as it is.

    While the primary is away, a replica that is there may start and serve what it has. Raises `DatabaseError`
    where the primary is needed and does not answer.
    """
    home, account = replica_home(settings), server_account()
    home.mkdir(parents=True, exist_ok=True)
    postgres_access.write_private_for(account, _password_file(home), _password_line(settings))
    if settings.stack.security == "on":
        postgres_access.prepare_access(settings, home, account, postgres_server.SUPERUSER)
    primary = postgres_server.superuser_settings(settings)
    try:
        postgres.wait_until_reachable(primary, ANSWER_TIMEOUT_S)
    except DatabaseError:
        if not (home / "cluster").exists():
            raise
        log.warning(
            "replica.primary_away", says="it starts with what it has, and follows when the primary is back"
        )
        return
    with postgres.connect(primary, autocommit=True) as connection:
        ensure_user(connection, REPLICA_USER, "LOGIN REPLICATION NOINHERIT", secret(settings, "replica"))
        reason = _why_anew(connection, home)
        if reason is not None:
            log.warning("replica.made_anew", reason=reason)
            _new_slot(connection)
            _copy_primary(settings, home, account)
            (home / "primary").write_text(_identifier(connection), encoding="utf-8")
            (home / "cluster.unfinished").rename(home / "cluster")


def command(settings: Settings) -> tuple[list[str], Account | None]:
    """Command line of the replica and the account it runs under (None: our own)."""
    home = replica_home(settings)
    options = postgres_server.PRIMARY_OF_A_REPLICA | {
        "primary_conninfo": _connection_string(settings, home),
        "primary_slot_name": SLOT,
        "hot_standby": "on",
        "recovery_target_timeline": "latest",
        "wal_receiver_timeout": "15s",
        "wal_retrieve_retry_interval": "1s",
        # Longer than any statement of the API: what it reads is not taken away from it.
        "max_standby_streaming_delay": "30s",
    }
    return postgres_server.postgres_command(settings, home, settings.cluster.replica_port, options)


def replica_health(settings: Settings) -> str:
    """`healthy`, or in a few words why it is not. Raises `DatabaseError` where it does not answer."""
    place = replica_settings(settings)
    postgres.wait_until_reachable(place, ANSWER_TIMEOUT_S)
    with postgres.connect(place, autocommit=True) as connection:
        row = connection.execute(_STATE).fetchone()
    assert row is not None, "the statement has one row"
    in_recovery, follows, has_all, behind_s = row
    if not in_recovery:
        return "unhealthy: it is no replica"
    if _slot_status(settings) == "lost":
        return "unhealthy: too far behind to follow; it is made anew when it is started again"
    if not follows:
        return f"unhealthy: it does not hear the primary, {behind_s:.0f} s behind"
    if not has_all and behind_s > BEHIND_LIMIT_S:
        return f"unhealthy: {behind_s:.0f} s behind"
    return "healthy"


def _slot_status(settings: Settings) -> str | None:
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            row = connection.execute(_SLOT, (SLOT,)).fetchone()
    except psycopg.OperationalError:
        return None
    return row[0] if row else "lost"


def _why_anew(connection: psycopg.Connection[Any], home: Path) -> str | None:
    """Why the replica must be made from the primary now; None where it can follow."""
    if not (home / "cluster").exists():
        return "there is none yet"
    row = connection.execute(_SLOT, (SLOT,)).fetchone()
    if row is None:
        return "the primary does not know it (the slot is gone)"
    if row[0] == "lost":
        return "it is too far behind: the primary has thrown away what it would have to read"
    if (home / "primary").read_text(encoding="utf-8") != _identifier(connection):
        return "the primary is another than the one it was made from"
    return None


def _new_slot(connection: psycopg.Connection[Any]) -> None:
    """Nobody may use the former slot any more: the caller holds the replica's lock."""
    connection.execute(
        "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots "
        "WHERE slot_name = %s AND active_pid IS NOT NULL",
        (SLOT,),
    )
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", (SLOT,)
    )
    connection.execute(_MAKE_SLOT, (SLOT,))


def _copy_primary(settings: Settings, home: Path, account: Account | None) -> None:
    """Put a copy of the primary beside where it belongs: one that is left half-made is begun again."""
    unfinished = home / "cluster.unfinished"
    for folder in (unfinished, home / "cluster"):
        shutil.rmtree(folder, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account is not None:
        os.chown(unfinished, account.uid, account.gid)
    source = postgres_server.cluster_home(settings) / "cluster"
    answer = subprocess.run(
        [
            program("pg_basebackup", settings, account, source),
            f"--dbname={_connection_string(settings, home)}",
            *(f"--pgdata={unfinished}", "--checkpoint=fast", "--wal-method=stream", f"--slot={SLOT}"),
        ],
        **(account.process_options() if account else {}),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise DatabaseError(f"The replica could not be made: {answer.stderr.strip()[-600:]}")
    postgres_access.write_private_for(account, unfinished / "standby.signal", "")


def _connection_string(settings: Settings, home: Path) -> str:
    """How the replica reaches the primary: the password is in a file, for a command line is open to all."""
    place = settings.postgres
    parameters = {
        "host": place.host,
        "port": str(place.port),
        "user": REPLICA_USER,
        "passfile": str(_password_file(home)),
        "sslmode": place.sslmode,
        "connect_timeout": "5",
        "application_name": NAME,
    }
    if settings.stack.security == "on":
        # It has no certificate of its own, and our home folder, where libpq would look for one, is closed to it.
        own = {"sslrootcert": postgres_access.trusted_copy(home), "sslcert": home / "no_certificate"}
        parameters |= {name: str(path) for name, path in own.items()}
    return psycopg.conninfo.make_conninfo(**parameters)


def _identifier(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute(_IDENTIFIER).fetchone()
    assert row is not None, "the statement has one row"
    return str(row[0])


def _password_file(home: Path) -> Path:
    return home / "password"


def _password_line(settings: Settings) -> str:
    """libpq's password file: host, port, database, user, password."""
    return f"*:*:*:{REPLICA_USER}:{secret(settings, 'replica')}\n"
