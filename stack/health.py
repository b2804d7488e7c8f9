"""Is a program well? Asked of the program itself, not of the process manager."""

import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial

import psycopg

from core import kafka, postgres
from core.errors import OrderpulseError
from core.settings import Settings
from core.tables import HEARTBEAT
from stack import dagster_home, postgres_replica, spark_cluster
from stack.ports import is_open

__all__ = ["HEARTBEAT_LIMIT_S", "health"]

ANSWER_TIMEOUT_S = 2.0
HEARTBEAT_LIMIT_S = 30
"""A program whose last heartbeat is older is alive but not well."""

LAST_BEAT = f"""
    SELECT pid, extract(epoch FROM clock_timestamp() - beat_at)::float8
    FROM {HEARTBEAT.name} WHERE name = %s
"""  # noqa: S608  # a constant name


def health(settings: Settings, name: str, pid: int | None) -> str:
    """`healthy`, or in a few words why the running program `name` is not (yet)."""
    look = _LOOKS.get(name)
    try:
        return look(settings) if look else _heartbeat(settings, name, pid)
    except OrderpulseError as error:
        return f"unhealthy: {error}"


def _postgres(settings: Settings) -> str:
    postgres.wait_until_reachable(settings.postgres, ANSWER_TIMEOUT_S)
    return "healthy"


def _kafka(settings: Settings, node: int) -> str:
    """One broker by itself, and whether the cluster counts on it."""
    host, port = settings.kafka.addresses()[node - 1]
    alone = settings.kafka.model_copy(update={"bootstrap_servers": f"{host}:{port}"})
    known = kafka.brokers(alone, ANSWER_TIMEOUT_S)
    return "healthy" if port in known.values() else "starting: the cluster does not know it yet"


def _dagster_code(settings: Settings) -> str:
    return "healthy" if is_open(settings.dagster.code_server_port) else "starting"


def _dbt_docs(settings: Settings) -> str:
    return "healthy" if is_open(settings.dagster.docs_port) else "starting"


def _api(settings: Settings) -> str:
    address = f"http://{settings.api.host}:{settings.api.port}/livez"
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_TIMEOUT_S):  # an address of our own
            return "healthy"
    except (urllib.error.URLError, OSError) as error:
        answers = is_open(settings.api.port)
        return "unhealthy: it does not answer" if answers else f"starting ({error})"


_LOOKS: dict[str, Callable[[Settings], str]] = {
    "postgres": _postgres,
    "postgres_replica": postgres_replica.replica_health,
    "kafka": partial(_kafka, node=1),
    "kafka_2": partial(_kafka, node=2),
    "kafka_3": partial(_kafka, node=3),
    "spark_master": spark_cluster.master_health,
    "spark_worker_1": partial(spark_cluster.worker_health, number=1),
    "spark_worker_2": partial(spark_cluster.worker_health, number=2),
    "dbt_docs": _dbt_docs,
    "api": _api,
    "dagster_code": _dagster_code,
    "dagster_webserver": dagster_home.webserver_health,
    "dagster_daemon": dagster_home.daemon_health,
}
"""The other programs say of themselves how they are."""


def _heartbeat(settings: Settings, name: str, pid: int | None) -> str:
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            row = connection.execute(LAST_BEAT, (name,)).fetchone()
    except psycopg.Error:
        return "unknown: its heartbeat is in the database, which does not answer"
    if row is None or row[0] != pid:
        return "starting"
    return "healthy" if row[1] < HEARTBEAT_LIMIT_S else f"unhealthy: silent for {row[1]:.0f} s"
