"""Is a program healthy? By the program itself, not by the process manager."""

import time
import urllib.error
from collections.abc import Callable
from functools import partial

import psycopg

from control.heartbeat import read_heartbeat
from control.judge import process_health
from control.process_manager import StartLog
from core import kafka, postgres
from core.errors import OrderpulseError
from core.settings import Settings
from stack.host.loopback import ask
from stack.host.ports import is_open
from stack.servers import spark as spark_cluster
from stack.servers.dagster import home as dagster_home
from stack.servers.postgres import replica as postgres_replica

ANSWER_TIMEOUT_S = 2.0


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
    return _answers(f"http://{settings.api.host}:{settings.api.port}/livez", settings.api.port)


def _intake(settings: Settings) -> str:
    return _answers(f"http://{settings.intake.host}:{settings.intake.port}/healthz", settings.intake.port)


def _answers(address: str, port: int) -> str:
    try:
        with ask(address, ANSWER_TIMEOUT_S):
            return "healthy"
    except urllib.error.HTTPError as error:
        return f"unhealthy: it answers {error.code}"
    except (urllib.error.URLError, OSError) as error:
        return "unhealthy: it does not answer" if is_open(port) else f"starting ({error})"


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
    "intake": _intake,
    "dagster_code": _dagster_code,
    "dagster_webserver": dagster_home.webserver_health,
    "dagster_daemon": dagster_home.daemon_health,
}
"""Generator and stream send heartbeats instead."""


def _heartbeat(settings: Settings, name: str, pid: int | None) -> str:
    starts = StartLog(settings, name)
    pause, start = starts.pause(), starts.last()
    if pause is not None and pause.pid == pid:
        return f"unhealthy: failed {pause.failures} times in a row, waiting before the next start"
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            heartbeat = read_heartbeat(connection, name)
    except psycopg.Error:
        return "unknown: its heartbeat is in the database, which does not answer"
    is_own = heartbeat is not None and heartbeat.pid == pid
    up_s = time.time() - start.at if start else 0.0
    return process_health(name, heartbeat if is_own else None, up_s, settings.dagster.hang_s)
