"""What runs: the role that the database gives, who can reach the ports, the checkpoints."""

import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg

from core import postgres
from core.settings import Settings
from stack.doctor.finding import Finding, fine, is_running, may_be_open, problem, warning
from stack.programs import PROGRAMS

__all__ = ["checkpoints", "exposure", "role"]

ROLE = """
    SELECT rolname, concat_ws(', ',
        CASE WHEN rolsuper THEN 'SUPERUSER' END,
        CASE WHEN rolreplication THEN 'REPLICATION' END,
        CASE WHEN rolbypassrls THEN 'BYPASSRLS' END)
    FROM pg_roles WHERE rolname = current_user
"""
LOOPBACK_ONLY = ("dagster_webserver", "dagster_code", "dbt_docs")
"""They ask nobody for a password: a proxy in front does, on the same machine."""

MIB = 1024**2


def role(settings: Settings) -> Iterator[Finding]:
    """Whether our user of the database is one that may not do everything."""
    server = settings.postgres
    subject = f"role {server.user}"
    try:
        with postgres.connect(server, autocommit=True) as connection:
            name, rights = connection.execute(ROLE).fetchall()[0]
    except psycopg.OperationalError as error:
        said = str(error).strip().splitlines()[0]
        yield (problem if is_running(settings) else fine)(subject, f"cannot be looked at ({said})")
        return
    if not rights:
        yield fine(subject, f"connected as {name}, which is no superuser")
    elif may_be_open(settings):
        yield fine(subject, f"is {rights}, as on a developer's machine")
    else:
        yield problem(subject, f"is {rights}: a process needs no such rights")


def exposure(settings: Settings) -> Iterator[Finding]:
    """Whether what knows no passwords listens on loopback only."""
    try:
        listening: list[Any] = [
            each.laddr for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN
        ]
    except psutil.AccessDenied:
        yield fine("listeners", "the system shows them to the administrator only")
        return
    ports = {
        port: program.name
        for program in PROGRAMS
        if program.name in LOOPBACK_ONLY
        for port in program.ports(settings).values()
    } | {settings.stack.kafka_controller_port: "Kafka's controller"}
    for port, name in ports.items():
        hosts = {each.ip for each in listening if each.port == port}
        subject = f"{name} on port {port}"
        outside = sorted(host for host in hosts if not _is_loopback(host))
        if outside and name in LOOPBACK_ONLY and not _is_loopback(settings.dagster.listen_host):
            told = "as ORDERPULSE_DAGSTER__LISTEN_HOST says: right in a network of their own, and only there"
            yield warning(subject, f"listens on {', '.join(outside)}, {told}")
        elif outside:
            yield problem(
                subject, f"listens on {', '.join(outside)}: it must be reached from this machine only"
            )
        else:
            yield fine(subject, f"listens on {', '.join(sorted(hosts))}" if hosts else "nobody listens")


def checkpoints(settings: Settings) -> Iterator[Finding]:
    """Where the stream goes on."""
    folder = settings.checkpoint_dir
    if not folder.is_dir():
        yield fine("checkpoints", f"none in {folder} yet: the stream begins with the oldest record")
        return
    queries = sorted(path.name for path in folder.iterdir() if (path / "metadata").is_file())
    size = sum(map(_size, folder.rglob("*"))) / MIB
    if not os.access(folder, os.W_OK):
        yield problem("checkpoints", f"{folder} may not be written by this user")
    else:
        yield fine("checkpoints", f"of {', '.join(queries) or 'no query'} in {folder}, {size:.0f} MiB")


def _size(path: Path) -> int:
    """Bytes of a file; the stream may remove it meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_loopback(host: str) -> bool:
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
