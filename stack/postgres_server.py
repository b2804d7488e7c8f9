"""The PostgreSQL server of the local platform: its programs, its cluster, its command line."""

import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from pydantic import SecretStr

from core import postgres
from core.errors import DatabaseError, PrerequisiteError
from core.postgres_refusals import reason_of
from core.settings import PostgresSettings, Settings
from stack import postgres_access
from stack.ports import require_loopback
from stack.postgres_programs import program
from stack.postgres_users import ensure_databases, ensure_users, set_password
from stack.unprivileged import Account, can_enter, server_account

__all__ = [
    "OPEN_FOLDER",
    "PRIMARY_OF_A_REPLICA",
    "SUPERUSER",
    "accepts",
    "cluster_home",
    "command",
    "ensure_database",
    "postgres_command",
    "prepare",
    "reload_certificate",
    "superuser_settings",
]

SUPERUSER = "postgres"
OPEN_FOLDER = Path("/var/lib/orderpulse")
"""Where root keeps the cluster of a checkout that lies below a closed folder."""

PRIMARY_OF_A_REPLICA = {
    "wal_level": "replica",
    "max_wal_senders": "6",
    "max_replication_slots": "6",
    "max_slot_wal_keep_size": "1GB",
}
"""What is kept for a replica that is away is bounded: a full disk would stop the primary too."""


def cluster_home(settings: Settings, name: str = "postgres") -> Path:
    """Folder of the cluster and of the superuser's password; of another server's with its `name`.

    It is in the data folder, unless the server's account cannot enter that: then it is
    below `OPEN_FOLDER`, in a folder of this checkout's own.
    """
    inside = settings.data_dir / name
    if can_enter(server_account(), settings.data_dir):
        return inside
    return OPEN_FOLDER / hashlib.sha256(str(inside).encode()).hexdigest()[:12]


def prepare(settings: Settings) -> None:
    """Make the cluster, unless it is there, and what a secured server reads. One left half-made is made anew.

    Raises `PrerequisiteError` where `initdb` fails, or where TLS is wanted and no PostgreSQL has it.
    """
    home, account = cluster_home(settings), server_account()
    if not (home / "cluster").exists():
        _make_cluster(settings, home, account)
    if settings.stack.security == "on":
        postgres_access.prepare_access(settings, home, account, SUPERUSER)


def command(settings: Settings) -> tuple[list[str], Account | None]:
    """Command line of the server and the account it runs under (None: our own)."""
    options = PRIMARY_OF_A_REPLICA if settings.stack.profile == "cluster" else {}
    return postgres_command(settings, cluster_home(settings), settings.postgres.port, options)


def postgres_command(
    settings: Settings, home: Path, port: int, options: Mapping[str, str]
) -> tuple[list[str], Account | None]:
    """The same of any server of the platform: a replica must not have less of what its primary has."""
    require_loopback(settings.postgres.host, "PostgreSQL")
    account = server_account()
    configuration = {
        "listen_addresses": settings.postgres.host,
        "port": str(port),
        "unix_socket_directories": "",
        "shared_buffers": settings.stack.postgres_shared_buffers,
        "track_commit_timestamp": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "max_connections": "60",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",
        "jit": "off",
        "log_min_duration_statement": "2000",
        "log_line_prefix": "%m [%p] %u@%d ",
    }
    if settings.stack.security == "on":
        configuration |= postgres_access.options(home)
    cluster = home / "cluster"
    words = [f"--{name}={value}" for name, value in (configuration | dict(options)).items()]
    return [program("postgres", settings, account, cluster), "-D", str(cluster), *words], account


def ensure_database(settings: Settings) -> None:
    """Make the databases that the settings name, the users that may enter them, and give these their passwords.

    Safe to run at any time. Raises `DatabaseError` where the server refuses.
    """
    try:
        with postgres.connect(superuser_settings(settings), autocommit=True) as connection:
            if settings.stack.security == "on":
                ensure_users(connection, settings)
                ensure_databases(connection, settings)
            else:
                _ensure_shared_user(connection, settings)
            _reopen(connection, settings.postgres.database)
    except psycopg.Error as error:
        why = reason_of(error, superuser_settings(settings))
        raise DatabaseError(f"The databases could not be made: {why}") from None


def reload_certificate(settings: Settings, name: str = "postgres", port: int | None = None) -> None:
    """Let a running server take the present certificate; connections that are open go on.

    Raises `DatabaseError` where it does not answer.
    """
    postgres_access.copy_certificate(settings, cluster_home(settings, name), server_account())
    superuser = superuser_settings(settings)
    place = superuser if port is None else superuser.model_copy(update={"port": port})
    postgres.wait_until_reachable(place, 0)
    with postgres.connect(place, autocommit=True) as connection:
        connection.execute("SELECT pg_reload_conf()")


def accepts(settings: Settings) -> bool:
    """Whether the server answers its superuser."""
    try:
        postgres.wait_until_reachable(superuser_settings(settings), 0)
    except DatabaseError:
        return False
    return True


def superuser_settings(settings: Settings) -> PostgresSettings:
    """How the superuser reaches the server. Raises `DatabaseError` where there is no cluster yet."""
    try:
        password = (cluster_home(settings) / "superuser_password").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DatabaseError(f"There is no PostgreSQL cluster in {cluster_home(settings)} yet.") from None
    return settings.postgres.model_copy(
        update={"user": SUPERUSER, "database": "postgres", "password": SecretStr(password)}
    )


def _make_cluster(settings: Settings, home: Path, account: Account | None) -> None:
    home.mkdir(parents=True, exist_ok=True)
    unfinished = home / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password = home / "superuser_password"
    postgres_access.write_private_for(account, password, secrets.token_urlsafe(24))
    if account is not None:
        os.chown(unfinished, account.uid, account.gid)
    arguments = [f"--pgdata={unfinished}", f"--username={SUPERUSER}", f"--pwfile={password}"]
    arguments += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
    answer = subprocess.run(
        [program("initdb", settings, account), *arguments],
        **(account.process_options() if account else {}),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise PrerequisiteError(f"PostgreSQL's initdb failed: {answer.stderr.strip()[-600:]}")
    unfinished.rename(home / "cluster")


def _ensure_shared_user(connection: psycopg.Connection[Any], settings: Settings) -> None:
    """Where the platform is open, all processes share the user of the settings, who owns both databases."""
    wanted = settings.postgres
    role = sql.Identifier(wanted.user)
    if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", wanted.user):
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB").format(role))
    set_password(connection, wanted.user, wanted.password.get_secret_value())
    for database in (wanted.database, settings.dagster.database):
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            create = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(create.format(sql.Identifier(database), role))


def _reopen(connection: psycopg.Connection[Any], database: str) -> None:
    """Let people in again, whom a restore that was killed has left outside (`databases.swap`)."""
    if _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s AND NOT datallowconn", database):
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true")
        connection.execute(allow.format(sql.Identifier(database)))


def _exists(connection: psycopg.Connection[Any], query: LiteralString, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
