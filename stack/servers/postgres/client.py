"""psql, pg_dump and pg_restore: those of the server's version, with the password in their environment alone."""

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from core.errors import StackError
from core.settings import Settings
from stack.host.environment import bare_environment
from stack.host.launch import Launch
from stack.host.variables import TERMINAL
from stack.servers.postgres.programs import program

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
"""libpq's variables by its parameters. Unlike a command line, other users cannot read them."""

POLL_S = 0.5


def psql(settings: Settings, arguments: Sequence[str]) -> Launch:
    """psql on the database of the settings, in the caller's folder and terminal."""
    terminal = {name: os.environ[name] for name in TERMINAL & os.environ.keys()}
    command = [program("psql", settings, None), *arguments]
    return Launch(command, client_environment(settings) | terminal, Path.cwd())


def run_client(settings: Settings, arguments: Sequence[str], look: Callable[[], None] = lambda: None) -> str:
    """Run a client program on the database of the settings; returns its output. `look` is called periodically.

    Raises `StackError` with the end of its output if it fails.
    """
    name, *options = arguments
    command = [program(name, settings, None), *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        env=client_environment(settings),
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
    """The program's two outputs, after its end."""
    while True:
        try:
            return process.communicate(timeout=POLL_S)
        except subprocess.TimeoutExpired:
            look()


def check_version(settings: Settings, server: int) -> None:
    """Raise `StackError` if the programs are older than the server (its major version), which they then refuse."""
    said = run_client(settings, ["pg_dump", "--version"])
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    if found is None or int(found[1]) < server:
        raise StackError(
            f"The server is PostgreSQL {server}, and the available programs are '{said.strip()}', which are too old for it. "
            "Set ORDERPULSE_STACK__POSTGRES_PROGRAMS to the folder of newer ones."
        )


def server_version(connection: psycopg.Connection[Any]) -> int:
    """Major version of the server."""
    return connection.info.server_version // 10_000


def client_environment(settings: Settings) -> dict[str, str]:
    """Environment with which libpq connects by the settings only."""
    ours = {VARIABLES[name]: value for name, value in settings.postgres.parameters().items()}
    return bare_environment(settings) | ours
