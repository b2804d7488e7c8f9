"""What must not run while the database is replaced: whoever writes to it, and whoever would start those."""

import psycopg

from core import postgres
from core.errors import StackError
from core.settings import Settings
from core.tables import HEARTBEAT
from stack.locks import holder

__all__ = ["refuse_while_running"]

WRITERS = ("spark_stream", "generator", "dagster_daemon", "dagster_code", "dagster_webserver")

ALIVE_S = 5
"""Each writes a heartbeat a second; on other machines that is all that we see of it."""

BEATS = f"""
    SELECT name FROM {HEARTBEAT.name} WHERE beat_at > clock_timestamp() - make_interval(secs => {ALIVE_S})
"""  # noqa: S608  # a constant name


def refuse_while_running(settings: Settings) -> None:
    """Raises `StackError` that names what runs: here by its lock, elsewhere by its heartbeat."""
    running = [name for name in WRITERS if holder(settings, name) is not None]
    elsewhere = [name for name in _beating(settings) if name not in running]
    if not running and not elsewhere:
        return
    words = [*running, *(f"{name} (by its heartbeat)" for name in elsewhere)]
    raise StackError(
        f"{', '.join(words)} must not run while the database is replaced. Run `orderpulse down`, then "
        "`orderpulse up --only postgres,kafka`, and this again; `orderpulse up` starts the rest afterwards."
    )


def _beating(settings: Settings) -> list[str]:
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            return [str(name) for (name,) in connection.execute(BEATS.encode()).fetchall()]
    except psycopg.Error:  # it is what is to be replaced
        return []
