"""pg_dump and pg_restore: those of the server's version, with the password in their environment alone."""

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from core.errors import StackError
from core.settings import PostgresSettings, Settings
from stack.postgres_programs import program

__all__ = ["check_version", "run_client", "server_version"]

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
"""libpq's variables by its parameters. A command line is open to every user of the machine, these are not."""

POLL_S = 0.5


def run_client(settings: Settings, arguments: Sequence[str], look: Callable[[], None] = lambda: None) -> str:
    """Run a client program on the database of the settings; returns what it printed. `look` is called now and then.

    Raises `StackError` with its last words where it fails.
    """
    name, *options = arguments
    command = [program(name, settings, None), *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        env=_environment(settings.postgres),
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
    ) as process:
        try:
            output, errors = _said(process, look)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise StackError(f"{name} failed: {errors.strip()[-600:]}")
    return output


def _said(process: subprocess.Popen[str], look: Callable[[], None]) -> tuple[str, str]:
    """What the program wrote to its two outputs, once it has ended."""
    while True:
        try:
            return process.communicate(timeout=POLL_S)
        except subprocess.TimeoutExpired:
            look()


def check_version(settings: Settings, server: int) -> None:
    """Raises `StackError` where the programs are older than the server (its major version), which they then refuse."""
    said = run_client(settings, ["pg_dump", "--version"])
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    if found is None or int(found[1]) < server:
        raise StackError(
            f"The server is PostgreSQL {server}, and the programs at hand are '{said.strip()}', which are too old for it. "
            "Set ORDERPULSE_STACK__POSTGRES_PROGRAMS to the folder of newer ones."
        )


def server_version(connection: psycopg.Connection[Any]) -> int:
    """Major version of the server."""
    return connection.info.server_version // 10_000


def _environment(settings: PostgresSettings) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "ORDERPULSE_"))}
    return ours | {VARIABLES[name]: value for name, value in settings.parameters().items()}
