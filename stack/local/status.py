"""What runs where."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import psutil
import psycopg

from control.process_manager import log_path
from core import postgres
from core.clock import Clock, utc_now
from core.settings import Settings
from database.losses import in_words, read_losses
from stack.host.locks import holder
from stack.local.health import health
from stack.local.manager import Manager
from stack.local.programs import Program, programs_of
from stack.local.supervisor_config import SUPERVISOR


@dataclass(frozen=True, slots=True)
class Status:
    """One line of the table. `health` is None for a program that does not run."""

    name: str
    state: str
    pid: int | None
    port: int | None
    health: str | None
    uptime_s: int | None
    log: str


def statuses(settings: Settings, clock: Clock = utc_now) -> list[Status]:
    """The programs in the order of starting, and the process manager first."""
    manager = Manager(settings)
    pid = manager.pid()
    states = {name: managed.state for name, managed in manager.programs().items()}
    states[SUPERVISOR] = "running" if pid else "stopped"
    well = "healthy" if pid else None
    first = Status(
        SUPERVISOR,
        states[SUPERVISOR],
        pid,
        None,
        well,
        _uptime_s(pid, clock),
        str(log_path(settings, SUPERVISOR)),
    )
    return [
        first,
        *(
            status(settings, program, states.get(program.name, "stopped"), clock)
            for program in programs_of(settings)
            if not program.once
        ),
    ]


def status(settings: Settings, program: Program, state: str, clock: Clock = utc_now) -> Status:
    """One program, whose state is `state` by the process manager's name."""
    found = holder(settings, program.name)
    if found is not None and state == "stopped":
        state = "orphaned"
    pid = found.pid if found else None
    return Status(
        program.name,
        state,
        pid,
        program.port(settings),
        health(settings, program.name, pid) if pid else None,
        _uptime_s(pid, clock),
        str(log_path(settings, program.name)),
    )


def as_json(found: list[Status]) -> dict[str, Any]:
    """The table for programs. `healthy` is true if all that runs or should run is healthy, and something runs."""
    running = [line for line in found if line.pid is not None]
    failing = any(line.state in {"backoff", "fatal"} for line in found)
    return {
        "healthy": bool(running) and not failing and all(line.health == "healthy" for line in running),
        "programs": [asdict(line) for line in found],
    }


def notices(settings: Settings, clock: Clock = utc_now) -> list[str]:
    """What people should know besides: records that were lost lately. None if the database is away."""
    since = clock() - timedelta(hours=settings.checks.loss_hours)
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            losses = read_losses(connection, since)
    except psycopg.Error:
        return []
    return [f"Records were lost. {in_words(losses)}"] if losses else []


def _uptime_s(pid: int | None, clock: Clock) -> int | None:
    if pid is None:
        return None
    try:
        return int(clock().timestamp() - psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
