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
from stack.host.ports import require_loopback
from stack.host.unprivileged import ACCOUNT, Account, can_enter, make_passable, server_account
from stack.servers.postgres import access as postgres_access
from stack.servers.postgres.programs import program
from stack.servers.postgres.users import ensure_databases, ensure_users, set_password

SUPERUSER = "postgres"
OPEN_FOLDER = Path("/var/lib/orderpulse")
"""Where root puts the cluster if the checkout is in a folder that the server's account cannot enter."""

WITH_REPLICA = {
    "wal_level": "replica",
    "max_wal_senders": "6",
    "max_replication_slots": "6",
    "max_slot_wal_keep_size": "1GB",
}
"""Limit of the WAL retained for a replica that is down: a full disk would stop the primary too."""


def cluster_home(settings: Settings, name: str = "postgres") -> Path:
    """Folder of the cluster and of the superuser's password; `name` selects another server's.

    It is in the data folder, or, if the server's account cannot enter that, in this checkout's
    folder in `OPEN_FOLDER`. An existing one stays where it is.
    """
    inside = settings.data_dir / name
    outside = OPEN_FOLDER / hashlib.sha256(str(inside).encode()).hexdigest()[:12]
    account = server_account()
    if account is None:
        return inside
    for home in (inside, outside):
        if (home / "cluster").exists():
            return home
    return inside if can_enter(account, settings.data_dir) else outside


def prepare(settings: Settings) -> None:
    """Create the cluster, unless it exists, and the files of a secured server. An incomplete cluster is recreated.

    Raises `PrerequisiteError` if `initdb` fails, or if TLS is required and no PostgreSQL supports it.
    """
    home, account = cluster_home(settings), server_account()
    make_home(home, account)
    if not (home / "cluster").exists():
        _make_cluster(settings, home, account)
    if settings.stack.security == "on":
        postgres_access.prepare_access(settings, home, account, SUPERUSER)


def command(settings: Settings) -> tuple[list[str], Account | None]:
    """Command line of the server and the account it runs under (None: our own)."""
    options = WITH_REPLICA if settings.stack.profile == "cluster" else {}
    return postgres_command(settings, cluster_home(settings), settings.postgres.port, options)


def postgres_command(
    settings: Settings, home: Path, port: int, options: Mapping[str, str]
) -> tuple[list[str], Account | None]:
    """The same for any server of the platform: a replica's limits must not be below its primary's."""
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
    """Create the databases in the settings and their users, and set the users' passwords.

    Safe to run at any time. Raises `DatabaseError` if the server refuses.
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
        raise DatabaseError(f"The databases could not be created: {why}") from None


def reload_certificate(settings: Settings, name: str = "postgres", port: int | None = None) -> None:
    """Make a running server load the current certificate; open connections continue.

    Raises `DatabaseError` if it does not respond.
    """
    postgres_access.copy_certificate(settings, cluster_home(settings, name), server_account())
    superuser = superuser_settings(settings)
    place = superuser if port is None else superuser.model_copy(update={"port": port})
    postgres.wait_until_reachable(place, 0)
    with postgres.connect(place, autocommit=True) as connection:
        connection.execute("SELECT pg_reload_conf()")


def accepts(settings: Settings) -> bool:
    """Whether the server accepts its superuser."""
    try:
        postgres.wait_until_reachable(superuser_settings(settings), 0)
    except DatabaseError:
        return False
    return True


def superuser_settings(settings: Settings) -> PostgresSettings:
    """The superuser's connection settings. Raises `DatabaseError` if there is no cluster yet."""
    try:
        password = (cluster_home(settings) / "superuser_password").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DatabaseError(f"There is no PostgreSQL cluster in {cluster_home(settings)} yet.") from None
    return settings.postgres.model_copy(
        update={"user": SUPERUSER, "database": "postgres", "password": SecretStr(password)}
    )


def make_home(home: Path, account: Account | None) -> None:
    """Create the folder of a cluster, which its account can enter. Raises `PrerequisiteError` if it cannot."""
    make_passable(account, *([OPEN_FOLDER] if home.is_relative_to(OPEN_FOLDER) else []), home)
    if not can_enter(account, home):
        raise PrerequisiteError(
            f"PostgreSQL runs as the user {ACCOUNT}, who cannot enter {home} with the data. Let all "
            "users enter the folders above it (`chmod o+x`), or move the data to another "
            "ORDERPULSE_STACK__DATA_DIR."
        )


def _make_cluster(settings: Settings, home: Path, account: Account | None) -> None:
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
    """Create the user of an open platform, which all processes share and which owns both databases."""
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
    """Allow connections again after a killed restore (`databases.swap`)."""
    if _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s AND NOT datallowconn", database):
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true")
        connection.execute(allow.format(sql.Identifier(database)))


def _exists(connection: psycopg.Connection[Any], query: LiteralString, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
