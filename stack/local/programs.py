"""The programs of the platform: how each is started, stopped and told to be well.

The one place to add a program to the local platform.
"""

import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

from core.errors import StackError
from core.settings import Settings
from stack.host.environment import bare_environment, child_environment
from stack.host.launch import Launch
from stack.host.locks import holder
from stack.secure.identities import as_identity, with_intake_key
from stack.servers import spark as spark_cluster
from stack.servers.dagster import home as dagster_home
from stack.servers.dagster import schema as dagster_schema
from stack.servers.kafka import broker as kafka_broker
from stack.servers.postgres import replica as postgres_replica
from stack.servers.postgres import server as postgres_server

Ports = Callable[[Settings], Mapping[str, int]]


def no_ports(_: Settings) -> Mapping[str, int]:
    """The ports of a program that listens on none."""
    return {}


@dataclass(frozen=True, slots=True)
class Program:
    """One program. `order` is that of starting within a step of `up` (`stack.local.up`); they are stopped in the opposite one,
    equals at the same time.

    `ports` are those it listens on, by the setting that moves each; its clients' comes first.
    `stop_group`: its children are told to stop at the same time, not by the program.
    `background`: it works without a pause, and servers and whoever looks at a page come first.
    `once`: it does its work and ends; `up` starts it last and does not wait for it.
    `cluster`: only the profile of that name has it.
    """

    name: str
    order: int
    stop_signal: signal.Signals
    stop_timeout_s: int
    launch: Callable[[Settings], Launch]
    ports: Ports = no_ports
    stop_group: bool = False
    background: bool = False
    once: bool = False
    cluster: bool = False

    def port(self, settings: Settings) -> int | None:
        """The port that its clients connect to; None if it listens on none."""
        return next(iter(self.ports(settings).values()), None)


def _postgres(settings: Settings) -> Launch:
    postgres_server.prepare(settings)
    command, account = postgres_server.command(settings)
    home = postgres_server.cluster_home(settings)
    return Launch(command, child_environment(settings), home, signal.SIGINT, account)


def _postgres_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_POSTGRES__PORT": settings.postgres.port}


def _postgres_replica(settings: Settings) -> Launch:
    postgres_replica.prepare(settings)
    command, account = postgres_replica.command(settings)
    home = postgres_replica.replica_home(settings)
    return Launch(command, bare_environment(settings), home, signal.SIGINT, account)


def _postgres_replica_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_CLUSTER__REPLICA_PORT": settings.cluster.replica_port}


def _kafka(settings: Settings) -> Launch:
    return _broker(settings, 1)


def _broker(settings: Settings, node: int) -> Launch:
    kafka_broker.prepare(settings, node)
    command = kafka_broker.command(settings, node)
    return Launch(command, bare_environment(settings), settings.root, signal.SIGTERM)


def _kafka_ports(settings: Settings) -> Mapping[str, int]:
    return {
        "ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.addresses()[0][1],
        "ORDERPULSE_STACK__KAFKA_CONTROLLER_PORT": settings.stack.kafka_controller_port,
    }


def _kafka_2_ports(settings: Settings) -> Mapping[str, int]:
    return {
        "ORDERPULSE_CLUSTER__KAFKA_2_PORT": settings.cluster.kafka_2_port,
        "ORDERPULSE_CLUSTER__KAFKA_2_CONTROLLER_PORT": settings.cluster.kafka_2_controller_port,
    }


def _kafka_3_ports(settings: Settings) -> Mapping[str, int]:
    return {
        "ORDERPULSE_CLUSTER__KAFKA_3_PORT": settings.cluster.kafka_3_port,
        "ORDERPULSE_CLUSTER__KAFKA_3_CONTROLLER_PORT": settings.cluster.kafka_3_controller_port,
    }


def _spark_master(settings: Settings) -> Launch:
    command = spark_cluster.master_command(settings)
    environment = spark_cluster.environment(settings, "master")
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _spark_master_ports(settings: Settings) -> Mapping[str, int]:
    return {
        "ORDERPULSE_CLUSTER__SPARK_MASTER_PORT": settings.cluster.spark_master_port,
        "ORDERPULSE_CLUSTER__SPARK_MASTER_UI_PORT": settings.cluster.spark_master_ui_port,
    }


def _spark_worker(settings: Settings, number: int) -> Launch:
    spark_cluster.prepare_worker(settings, number)
    command = spark_cluster.worker_command(settings, number)
    environment = spark_cluster.environment(settings, f"worker_{number}")
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _spark_worker_ports(settings: Settings, number: int) -> Mapping[str, int]:
    port = spark_cluster.worker_ui_port(settings, number)
    return {f"ORDERPULSE_CLUSTER__SPARK_WORKER_{number}_UI_PORT": port}


def _spark_stream(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "spark_jobs.stream"]
    environment = child_environment(as_identity(spark_cluster.job_settings(settings), "spark_stream"))
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _generator(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "generator"]
    environment = child_environment(as_identity(settings, "generator"))
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _class_archive(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "spark_jobs.class_archive"]
    return Launch(command, child_environment(settings), settings.root, signal.SIGKILL)


def _dagster_code(settings: Settings) -> Launch:
    dagster_schema.migrate(settings)  # in containers; the others wait until this one is well
    dagster_home.prepare_code(settings)
    return _dagster(settings, dagster_home.code_server_command(settings))


def _dagster_code_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_DAGSTER__CODE_SERVER_PORT": settings.dagster.code_server_port}


def _dagster_daemon(settings: Settings) -> Launch:
    dagster_home.prepare(settings)
    return _dagster(settings, dagster_home.daemon_command(settings))


def _dagster_webserver(settings: Settings) -> Launch:
    dagster_home.prepare(settings)
    return _dagster(settings, dagster_home.webserver_command())


def _dagster_webserver_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_DAGSTER__WEBSERVER_PORT": settings.dagster.webserver_port}


def _dagster(settings: Settings, command: list[str]) -> Launch:
    """A program of Dagster keeps no data of its own: if the manager dies it may go at once."""
    environment = dagster_home.dagster_environment(as_identity(settings, "dagster"))
    return Launch(command, environment, settings.root, signal.SIGKILL)


def _dbt_docs(settings: Settings) -> Launch:
    command = dagster_home.docs_command(settings)
    return Launch(command, child_environment(settings), settings.root, signal.SIGTERM)


def _dbt_docs_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_DAGSTER__DOCS_PORT": settings.dagster.docs_port}


def _api(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "api"]
    environment = child_environment(with_intake_key(as_identity(settings, "api")))
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _api_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_API__PORT": settings.api.port}


def _intake(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "intake"]
    environment = child_environment(with_intake_key(as_identity(settings, "intake")))
    return Launch(command, environment, settings.root, signal.SIGTERM)


def _intake_ports(settings: Settings) -> Mapping[str, int]:
    return {"ORDERPULSE_INTAKE__PORT": settings.intake.port}


def _on_cluster(
    name: str,
    order: int,
    launch: Callable[[Settings], Launch],
    ports: Ports,
    stop_signal: signal.Signals = signal.SIGTERM,
    *,
    background: bool = False,
) -> Program:
    return Program(name, order, stop_signal, 30, launch, ports, background=background, cluster=True)


PROGRAMS = (
    Program("postgres", 1, signal.SIGINT, 30, _postgres, _postgres_ports),
    _on_cluster("postgres_replica", 2, _postgres_replica, _postgres_replica_ports, signal.SIGINT),
    Program("kafka", 3, signal.SIGTERM, 30, _kafka, _kafka_ports),
    _on_cluster("kafka_2", 3, partial(_broker, node=2), _kafka_2_ports),
    _on_cluster("kafka_3", 3, partial(_broker, node=3), _kafka_3_ports),
    _on_cluster("spark_master", 4, _spark_master, _spark_master_ports),
    _on_cluster(
        "spark_worker_1",
        5,
        partial(_spark_worker, number=1),
        partial(_spark_worker_ports, number=1),
        background=True,
    ),
    _on_cluster(
        "spark_worker_2",
        5,
        partial(_spark_worker, number=2),
        partial(_spark_worker_ports, number=2),
        background=True,
    ),
    Program("spark_stream", 6, signal.SIGTERM, 45, _spark_stream, background=True),
    Program("generator", 7, signal.SIGTERM, 15, _generator),
    Program("dbt_docs", 8, signal.SIGTERM, 5, _dbt_docs, _dbt_docs_ports, background=True),
    Program("api", 9, signal.SIGTERM, 8, _api, _api_ports),
    Program("intake", 9, signal.SIGTERM, 15, _intake, _intake_ports),
    Program(
        "dagster_code",
        10,
        signal.SIGTERM,
        8,
        _dagster_code,
        _dagster_code_ports,
        stop_group=True,
        background=True,
    ),
    Program(
        "dagster_webserver",
        11,
        signal.SIGTERM,
        8,
        _dagster_webserver,
        _dagster_webserver_ports,
        background=True,
    ),
    Program("dagster_daemon", 12, signal.SIGTERM, 15, _dagster_daemon, background=True),
    Program("class_archive", 13, signal.SIGKILL, 5, _class_archive, background=True, once=True),
)
"""The stream stops before the servers it needs and after the generator, whose records it still reads. The daemon stops
before both, since it would restart them."""

SERVERS = ("postgres", "kafka", "kafka_2", "kafka_3", "spark_master")
"""What others need; they are started at the same time."""

SPARK_WORKERS = ("spark_worker_1", "spark_worker_2")
SERVICES = ("generator", "spark_stream")
"""Those that Dagster starts and watches, if it runs; people start and stop them."""


def program(name: str) -> Program:
    """The program of that name. Raises `StackError` that lists the names if there is none."""
    for candidate in PROGRAMS:
        if candidate.name == name:
            return candidate
    raise StackError(f"There is no program '{name}'; there are {', '.join(p.name for p in PROGRAMS)}.")


def named(settings: Settings, names: Iterable[str]) -> list[Program]:
    """The programs of these names, in the order of starting.

    Raises `StackError` for an unknown name, with a suggestion.
    """
    wanted, known = set(names), {candidate.name: candidate for candidate in programs_of(settings)}
    for name in sorted(wanted - set(known)):
        if any(candidate.name == name for candidate in PROGRAMS):
            raise StackError(f"{name} exists only in the profile cluster: `orderpulse up --profile cluster`.")
        running = [each for each in known if holder(settings, each) is not None]
        guesses = get_close_matches(name, running) or get_close_matches(name, known)
        advice = f"did you mean {' or '.join(guesses)}?" if guesses else f"there are {', '.join(known)}."
        raise StackError(f"There is no program '{name}'; {advice}")
    return [candidate for name, candidate in known.items() if name in wanted]


def programs_of(settings: Settings) -> list[Program]:
    """The programs of the settings' profile, in the order of starting."""
    return [
        candidate for candidate in PROGRAMS if not candidate.cluster or settings.stack.profile == "cluster"
    ]


def selection(settings: Settings, only: str | None) -> list[Program]:
    """The programs of a comma-separated list, in the order of starting; all if it is None."""
    if only is None:
        return programs_of(settings)
    return named(settings, (name.strip() for name in only.split(",") if name.strip()))
