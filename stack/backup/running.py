"""Refuse to replace the database while a process runs that writes to it, or would start one."""

import psycopg

from control.heartbeat import read_heartbeat
from control.limits import QUIET_S
from core import postgres
from core.errors import StackError
from core.settings import Settings
from stack.host.locks import holder
from stack.local.programs import SERVICES

WRITERS = ("spark_stream", "generator", "dagster_daemon", "dagster_code", "dagster_webserver")


def refuse_while_running(settings: Settings) -> None:
    """Raise `StackError` with the running processes: here by lock, elsewhere by heartbeat."""
    running = [name for name in WRITERS if holder(settings, name) is not None]
    elsewhere = [name for name in _with_heartbeat(settings) if name not in running]
    if not running and not elsewhere:
        return
    words = [*running, *(f"{name} (by its heartbeat)" for name in elsewhere)]
    raise StackError(
        f"{', '.join(words)} must not run while the database is replaced. Run `orderpulse down`, then "
        "`orderpulse up --only postgres,kafka`, and this again; `orderpulse up` starts the rest afterwards."
    )


def _with_heartbeat(settings: Settings) -> list[str]:
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            beats = {name: read_heartbeat(connection, name) for name in SERVICES}
    except psycopg.Error:  # the database that is replaced
        return []
    return [name for name, heartbeat in beats.items() if heartbeat and heartbeat.age_s <= QUIET_S]
