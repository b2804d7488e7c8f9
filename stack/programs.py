"""The programs of the platform: how each is started, stopped and told to be well.

The one place to add a program to the local platform.
"""

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import StackError
from core.settings import Settings
from stack import dagster_home, kafka_broker, postgres_server
from stack.environment import child_environment
from stack.identities import as_identity
from stack.launch import Launch

__all__ = ["PROGRAMS", "SERVERS", "SERVICES", "Program", "program", "programs_of", "selection"]


def no_ports(_: Settings) -> Mapping[str, int]:
    """The ports of a program that listens on none."""
    return {}


@dataclass(frozen=True, slots=True)
class Program:
    """One program. `order` is that of starting; they are stopped in the opposite one.

    `ports` are those it listens on, by the setting that moves each; its clients' comes first.
    `stop_group`: its children are told to stop at the same time, not by the program.
    `once`: it does its work and ends; `up` starts it last and does not wait for it.
    `cluster`: only the profile of that name has it.
    """

    name: str
    order: int
    stop_signal: signal.Signals
    stop_timeout_s: int
    launch: Callable[[Settings], Launch]
    ports: Callable[[Settings], Mapping[str, int]] = no_ports
    stop_group: bool = False
    once: bool = False
    cluster: bool = False

    def port(self, settings: Settings) -> int | None:
        """The port that its clients connect to; None where it listens on none."""
        return next(iter(self.ports(settings).values()), None)


def _postgres(settings: Settings) -> Launch:
    postgres_server.prepare(settings)
    command, account = postgres_server.command(settings)
    home = postgres_server.cluster_home(settings)
    return Launch(command, child_environment(settings), home, signal.SIGINT, account)


def _postgres_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_POSTGRES__PORT": settings.postgres.port}


def _kafka(settings: Settings) -> Launch:
    kafka_broker.prepare(settings)
    return Launch(kafka_broker.command(settings), child_environment(settings), settings.root, signal.SIGTERM)


def _kafka_ports(settings: Settings) -> Mapping[str, int]:
    return {
        "ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.addresses()[0][1],
        "ORDERPULSE_STACK__KAFKA_CONTROLLER_PORT": settings.stack.kafka_controller_port,
    }


def _spark_stream(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "spark_jobs.stream"]
    environment = child_environment(as_identity(settings, "spark_stream"))
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _generator(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "generator"]
    environment = child_environment(as_identity(settings, "generator"))
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _class_archive(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "spark_jobs.class_archive"]
    return Launch(command, child_environment(settings), settings.root, signal.SIGKILL)


def _dagster_code(settings: Settings) -> Launch:
    dagster_home.prepare_code(settings)
    return _dagster(settings, dagster_home.code_server_command(settings))


def _dagster_code_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_DAGSTER__CODE_SERVER_PORT": settings.dagster.code_server_port}


def _dagster_daemon(settings: Settings) -> Launch:
    dagster_home.prepare(settings)
    return _dagster(settings, dagster_home.daemon_command(settings))


def _dagster_webserver(settings: Settings) -> Launch:
    dagster_home.prepare(settings)
    return _dagster(settings, dagster_home.webserver_command(settings))


def _dagster_webserver_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_DAGSTER__WEBSERVER_PORT": settings.dagster.webserver_port}


def _dagster(settings: Settings, command: list[str]) -> Launch:
    """A program of Dagster keeps no data of its own: where the manager dies it may go at once."""
    environment = dagster_home.dagster_environment(as_identity(settings, "dagster"))
    return Launch(command, environment, settings.root, signal.SIGKILL)


def _dbt_docs(settings: Settings) -> Launch:
    command = dagster_home.docs_command(settings)
    return Launch(command, child_environment(settings), settings.root, signal.SIGTERM)


def _dbt_docs_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_DAGSTER__DOCS_PORT": settings.dagster.docs_port}


def _api(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "api"]
    environment = child_environment(as_identity(settings, "api"))
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _api_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_API__PORT": settings.api.port}


PROGRAMS = (
    Program("postgres", 1, signal.SIGINT, 30, _postgres, _postgres_ports),
    Program("kafka", 2, signal.SIGTERM, 30, _kafka, _kafka_ports),
    Program("generator", 3, signal.SIGTERM, 15, _generator),
    Program("spark_stream", 4, signal.SIGTERM, 45, _spark_stream),
    Program("dbt_docs", 5, signal.SIGTERM, 5, _dbt_docs, _dbt_docs_ports),
    Program("api", 6, signal.SIGTERM, 8, _api, _api_ports),
    Program("dagster_code", 7, signal.SIGTERM, 8, _dagster_code, _dagster_code_ports, stop_group=True),
    Program("dagster_webserver", 8, signal.SIGTERM, 8, _dagster_webserver, _dagster_webserver_ports),
    Program("dagster_daemon", 9, signal.SIGTERM, 15, _dagster_daemon),
    Program("class_archive", 10, signal.SIGKILL, 5, _class_archive, once=True),
)
"""The stream stops before what it needs, and before that the daemon, which would start it again."""

SERVERS = ("postgres", "kafka")
SERVICES = ("generator", "spark_stream")
"""Those that Dagster starts and watches, where it runs; people start and stop them."""


def program(name: str) -> Program:
    """The program of that name. Raises `StackError` that lists the names where there is none."""
    for candidate in PROGRAMS:
        if candidate.name == name:
            return candidate
    raise StackError(f"There is no program '{name}'; there are {', '.join(p.name for p in PROGRAMS)}.")


def programs_of(settings: Settings) -> list[Program]:
    """The programs of the settings' profile, in the order of starting."""
    return [
        candidate for candidate in PROGRAMS if not candidate.cluster or settings.stack.profile == "cluster"
    ]


def selection(settings: Settings, only: str | None) -> list[Program]:
    """The programs of a comma-separated list, in the order of starting; all where it is None."""
    if only is None:
        return programs_of(settings)
    names = {name.strip() for name in only.split(",") if name.strip()}
    chosen = {program(name) for name in names}
    return [candidate for candidate in programs_of(settings) if candidate in chosen]
