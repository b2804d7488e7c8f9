"""The database's streaming replica in the profile `cluster`: it serves the API's reads.

It is made from the primary by pg_basebackup and follows it through a physical slot, which keeps what it has not
read yet, up to `max_slot_wal_keep_size`. One that can no longer follow is made anew when it starts.
"""

from pathlib import Path

import psycopg

from core import postgres
from core.errors import DatabaseError
from core.logging import get_logger
from core.postgres_refusals import reason_of
from core.settings import PostgresSettings, Settings
from stack import postgres_access, postgres_server
from stack.identities import secret
from stack.postgres_access import REPLICA_USER
from stack.postgres_programs import program
from stack.postgres_users import ensure_user
from stack.replica_copy import SLOT, copy_primary, reason_to_copy, slot_status
from stack.unprivileged import Account, server_account

__all__ = ["NAME", "command", "prepare", "replica_health", "replica_home", "replica_settings"]

NAME = "postgres_replica"
ANSWER_TIMEOUT_S = 2.0
BEHIND_LIMIT_S = 30.0

log = get_logger(__name__)

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
        reason = reason_to_copy(connection, home)
        if reason is not None:
            log.warning("replica.made_anew", reason=reason)
            source = postgres_server.cluster_home(settings) / "cluster"
            backup = program("pg_basebackup", settings, account, source)
            place = f"--dbname={_connection_string(settings, home)}"
            copy_primary(connection, [backup, place], home, account)


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
    try:
        with postgres.connect(place, autocommit=True) as connection:
            row = connection.execute(_STATE).fetchone()
    except psycopg.OperationalError as error:
        return f"unhealthy: {reason_of(error, place)}"
    assert row is not None, "the statement has one row"
    in_recovery, follows, has_all, behind_s = row
    if not in_recovery:
        return "unhealthy: it is no replica"
    if _is_lost(settings):
        return "unhealthy: too far behind to follow; it is made anew when it is started again"
    if not follows:
        return f"unhealthy: it does not hear the primary, {behind_s:.0f} s behind"
    if not has_all and behind_s > BEHIND_LIMIT_S:
        return f"unhealthy: {behind_s:.0f} s behind"
    return "healthy"


def _is_lost(settings: Settings) -> bool:
    """Whether the primary has thrown away what the replica would have to read; False where it does not answer."""
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            return slot_status(connection) in {None, "lost"}
    except psycopg.OperationalError:
        return False


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


def _password_file(home: Path) -> Path:
    return home / "password"


def _password_line(settings: Settings) -> str:
    """libpq's password file: host, port, database, user, password."""
    return f"*:*:*:{REPLICA_USER}:{secret(settings, 'replica')}\n"
