"""What runs where."""

from dataclasses import asdict, dataclass
from typing import Any

import psutil

from core.clock import Clock, utc_now
from core.process_manager import log_path
from core.settings import Settings
from stack.health import health
from stack.locks import holder
from stack.manager import Manager
from stack.programs import Program, programs_of
from stack.supervisor_config import SUPERVISOR

__all__ = ["Status", "as_json", "status", "statuses"]


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
    """One program, whose state is `state` in the words of the process manager."""
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
    """The table for programs. `healthy` is true where all that runs or should run is well, and something runs."""
    running = [line for line in found if line.pid is not None]
    failing = any(line.state in {"backoff", "fatal"} for line in found)
    return {
        "healthy": bool(running) and not failing and all(line.health == "healthy" for line in running),
        "programs": [asdict(line) for line in found],
    }


def _uptime_s(pid: int | None, clock: Clock) -> int | None:
    if pid is None:
        return None
    try:
        return int(clock().timestamp() - psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
