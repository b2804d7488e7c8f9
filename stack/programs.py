"""The programs of the platform: how each is started, stopped and told to be well.

The one place to add a program to the local platform.
"""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import StackError
from core.settings import Settings
from stack import kafka_broker, postgres_server
from stack.environment import child_environment
from stack.launch import Launch

__all__ = ["PROGRAMS", "Program", "program", "selection"]


def no_port(_: Settings) -> None:
    """The port of a program that listens on none."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program. `order` is that of starting; they are stopped in the opposite one."""

    name: str
    order: int
    stop_signal: signal.Signals
    stop_timeout_s: int
    launch: Callable[[Settings], Launch]
    port: Callable[[Settings], int | None] = no_port


def _postgres(settings: Settings) -> Launch:
    postgres_server.prepare(settings)
    command, account = postgres_server.command(settings)
    home = postgres_server.cluster_home(settings)
    return Launch(command, child_environment(settings), home, signal.SIGINT, account)


def _kafka(settings: Settings) -> Launch:
    kafka_broker.prepare(settings)
    return Launch(kafka_broker.command(settings), child_environment(settings), settings.root, signal.SIGTERM)


def _spark_stream(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "spark_jobs.stream"]
    return Launch(command, child_environment(settings), settings.root, signal.SIGTERM)


def _generator(settings: Settings) -> Launch:
    command = [sys.executable, "-m", "generator"]
    return Launch(command, child_environment(settings), settings.root, signal.SIGTERM)


PROGRAMS = (
    Program("postgres", 1, signal.SIGINT, 30, _postgres, lambda settings: settings.postgres.port),
    Program("kafka", 2, signal.SIGTERM, 30, _kafka, lambda settings: settings.kafka.addresses()[0][1]),
    Program("generator", 3, signal.SIGTERM, 15, _generator),
    Program("spark_stream", 4, signal.SIGTERM, 45, _spark_stream),
)


def program(name: str) -> Program:
    """The program of that name. Raises `StackError` that lists the names where there is none."""
    for candidate in PROGRAMS:
        if candidate.name == name:
            return candidate
    raise StackError(f"There is no program '{name}'; there are {', '.join(p.name for p in PROGRAMS)}.")


def selection(only: str | None) -> list[Program]:
    """The programs of a comma-separated list, in the order of starting; all where it is None."""
    if only is None:
        return list(PROGRAMS)
    names = {name.strip() for name in only.split(",") if name.strip()}
    chosen = {program(name) for name in names}
    return [candidate for candidate in PROGRAMS if candidate in chosen]
