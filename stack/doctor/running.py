"""Findings on the running platform: the database role, exposed ports, losses, topic, checkpoints."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg

from control import topic_state
from core import kafka, postgres
from core.browser import is_loopback
from core.clock import utc_now
from core.errors import BrokerError
from core.settings import Settings
from core.topics import EVENTS_RAW
from database.losses import in_words, read_losses
from stack.doctor.finding import Finding, fine, is_running, may_be_open, problem, warning
from stack.local.programs import PROGRAMS

ROLE = """
    SELECT rolname, concat_ws(', ',
        CASE WHEN rolsuper THEN 'SUPERUSER' END,
        CASE WHEN rolreplication THEN 'REPLICATION' END,
        CASE WHEN rolbypassrls THEN 'BYPASSRLS' END)
    FROM pg_roles WHERE rolname = current_user
"""
LOOPBACK_ONLY = ("dagster_webserver", "dagster_code", "dbt_docs")
"""They have no login; a proxy in front on the same machine has."""

MIB = 1024**2
LOSS_DAYS = 7


def role(settings: Settings) -> Iterator[Finding]:
    """Whether our database user has limited rights."""
    server = settings.postgres
    subject = f"role {server.user}"
    try:
        with postgres.connect(server, autocommit=True) as connection:
            name, rights = connection.execute(ROLE).fetchall()[0]
    except psycopg.OperationalError as error:
        said = str(error).strip().splitlines()[0]
        yield (problem if is_running(settings) else fine)(subject, f"cannot be checked ({said})")
        return
    if not rights:
        yield fine(subject, f"connected as {name}, which is not a superuser")
    elif may_be_open(settings):
        yield fine(subject, f"is {rights}, as on a developer's machine")
    else:
        yield problem(subject, f"is {rights}: a process needs no such rights")


def losses(settings: Settings) -> Iterator[Finding]:
    """Records that Kafka deleted before they were read, in the last days; nothing if the database does not respond."""
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            found = read_losses(connection, utc_now() - timedelta(days=LOSS_DAYS))
    except psycopg.Error:
        return
    if found:
        yield warning("records", in_words(found))
    else:
        yield fine("records", f"none lost in {LOSS_DAYS} days")


def topic(settings: Settings) -> Iterator[Finding]:
    """Whether the topic matches the set-up's; nothing if the broker does not respond, which another check reports."""
    subject = f"topic {settings.kafka.topic}"
    if not kafka.answers(settings.kafka):
        return
    try:
        state = topic_state.read_state(settings.kafka, timeout_s=3)
    except BrokerError:
        return
    found = topic_state.differences(state, EVENTS_RAW, settings.kafka)
    for each in found:
        yield (problem if each.grave else warning)(subject, f"{each}; `{topic_state.MEND}` sets it")
    if not found:
        yield fine(subject, "as the set-up creates it")


def exposure(settings: Settings) -> Iterator[Finding]:
    """Whether servers without a login listen on loopback only."""
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
        outside = sorted(host for host in hosts if not is_loopback(host))
        if outside and name in LOOPBACK_ONLY and not is_loopback(settings.dagster.listen_host):
            told = "as ORDERPULSE_DAGSTER__LISTEN_HOST says: right in a network of their own, and only there"
            yield warning(subject, f"listens on {', '.join(outside)}, {told}")
        elif outside:
            yield problem(
                subject, f"listens on {', '.join(outside)}: it must be reachable only from this machine"
            )
        else:
            yield fine(subject, f"listens on {', '.join(sorted(hosts))}" if hosts else "nothing listens")


def checkpoints(settings: Settings) -> Iterator[Finding]:
    """Whether the checkpoints are present and writable."""
    folder = settings.checkpoint_dir
    if not folder.is_dir():
        yield fine("checkpoints", f"none in {folder} yet: the stream starts with the oldest record")
        return
    queries = sorted(path.name for path in folder.iterdir() if (path / "metadata").is_file())
    size = sum(map(_size, folder.rglob("*"))) / MIB
    if not os.access(folder, os.W_OK):
        yield problem("checkpoints", f"{folder} is not writable by this user")
    else:
        yield fine("checkpoints", f"of {', '.join(queries) or 'no query'} in {folder}, {size:.0f} MiB")


def _size(path: Path) -> int:
    """Bytes of a file; the stream may remove it meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
