"""The database's streaming replica in the profile `cluster`: it serves the API's reads.

It is created from the primary by pg_basebackup and follows it through a physical slot, which retains unread
WAL up to `max_slot_wal_keep_size`. A replica that can no longer follow is recreated when it starts.
"""

from pathlib import Path

import psycopg

from core import postgres
from core.errors import DatabaseError
from core.logging import get_logger
from core.postgres_refusals import reason_of
from core.settings import PostgresSettings, Settings
from stack.host.unprivileged import Account, server_account
from stack.secure.identities import secret
from stack.servers.postgres import access as postgres_access
from stack.servers.postgres import server as postgres_server
from stack.servers.postgres.access import REPLICA_USER
from stack.servers.postgres.programs import program
from stack.servers.postgres.replica_copy import SLOT, copy_primary, reason_to_copy, slot_status
from stack.servers.postgres.users import ensure_user

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
"""A replica that has applied all received WAL is not behind, however long the primary has sent nothing."""


def replica_home(settings: Settings) -> Path:
    """Folder of the replica's cluster and of the files it needs to follow the primary."""
    return postgres_server.cluster_home(settings, NAME)


def replica_settings(settings: Settings) -> PostgresSettings:
    """Connection settings of the replica, with the same user."""
    return settings.postgres.model_copy(update={"port": settings.cluster.replica_port})


def prepare(settings: Settings) -> None:
    """Create the replica, or recreate it if it can no longer follow; otherwise leave it unchanged.

    While the primary is down, an existing replica may start and serve its data. Raises `DatabaseError`
    if the primary is needed and does not respond.
    """
    home, account = replica_home(settings), server_account()
    postgres_server.make_home(home, account)
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
            "replica.primary_away", says="it starts with its data, and follows when the primary is back"
        )
        return
    with postgres.connect(primary, autocommit=True) as connection:
        ensure_user(connection, REPLICA_USER, "LOGIN REPLICATION NOINHERIT", secret(settings, "replica"))
        reason = reason_to_copy(connection, home)
        if reason is not None:
            log.warning("replica.recreated", reason=reason)
            source = postgres_server.cluster_home(settings) / "cluster"
            backup = program("pg_basebackup", settings, account, source)
            place = f"--dbname={_connection_string(settings, home)}"
            copy_primary(connection, [backup, place], home, account)


def command(settings: Settings) -> tuple[list[str], Account | None]:
    """Command line of the replica and the account it runs under (None: our own)."""
    home = replica_home(settings)
    options = postgres_server.WITH_REPLICA | {
        "primary_conninfo": _connection_string(settings, home),
        "primary_slot_name": SLOT,
        "hot_standby": "on",
        "recovery_target_timeline": "latest",
        "wal_receiver_timeout": "15s",
        "wal_retrieve_retry_interval": "1s",
        # Longer than any statement of the API, so that none is cancelled by replay.
        "max_standby_streaming_delay": "30s",
    }
    return postgres_server.postgres_command(settings, home, settings.cluster.replica_port, options)


def replica_health(settings: Settings) -> str:
    """`healthy`, or a short reason. Raises `DatabaseError` if it does not respond."""
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
        return "unhealthy: it is not a replica"
    if _is_lost(settings):
        return "unhealthy: too far behind to follow; a restart recreates it"
    if not follows:
        return f"unhealthy: it is not connected to the primary, {behind_s:.0f} s behind"
    if not has_all and behind_s > BEHIND_LIMIT_S:
        return f"unhealthy: {behind_s:.0f} s behind"
    return "healthy"


def _is_lost(settings: Settings) -> bool:
    """Whether the primary has discarded WAL that the replica needs; False if it does not respond."""
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            return slot_status(connection) in {None, "lost"}
    except psycopg.OperationalError:
        return False


def _connection_string(settings: Settings, home: Path) -> str:
    """The replica's connection string: the password is in a file, because a command line is readable by all."""
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
        # It has no client certificate, and cannot enter our home folder, where libpq would look for one.
        own = {"sslrootcert": postgres_access.trusted_copy(home), "sslcert": home / "no_certificate"}
        parameters |= {name: str(path) for name, path in own.items()}
    return psycopg.conninfo.make_conninfo(**parameters)


def _password_file(home: Path) -> Path:
    return home / "password"


def _password_line(settings: Settings) -> str:
    """libpq's password file: host, port, database, user, password."""
    return f"*:*:*:{REPLICA_USER}:{secret(settings, 'replica')}\n"
