"""The process manager as others see it: where its socket and its logs are, and what it can be asked.

On one machine that is `supervisor`, started by `orderpulse up`. This is a client only: it
keeps no state, and whoever holds one may ask at any time.
"""

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy

from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, SupervisorTransport

from core.errors import StackError
from core.settings import Settings

LONGEST_SOCKET_PATH = 100
"""Bytes; the system's own limit for a local socket is 103 to 107."""

GOING = (ProcessStates.STARTING, ProcessStates.RUNNING)
LIVES = (*GOING, ProcessStates.STOPPING)


def socket_path(settings: Settings) -> Path:
    """The manager's private socket. Raises `StackError` if the system cannot hold its name."""
    path = settings.data_dir / "run" / "supervisor.sock"
    if len(bytes(path)) > LONGEST_SOCKET_PATH:
        raise StackError(
            f"{path} is too long a name for a local socket; "
            "set ORDERPULSE_STACK__DATA_DIR to a folder with a shorter name."
        )
    return path


def log_path(settings: Settings, name: str) -> Path:
    """Where the output of a program, or of the manager itself, is kept."""
    return settings.log_dir / f"{name}.log"


@dataclass(frozen=True, slots=True)
class Managed:
    """What the manager reports about one program: its state by supervisor's own name.

    `going`: it runs or is being started. `wanted`: that, or it waits for its next attempt.
    """

    state: str
    pid: int | None
    uptime_s: int
    going: bool

    @property
    def wanted(self) -> bool:
        """Whether the manager keeps it running."""
        return self.going or self.state == "backoff"


class ProcessManager:
    """A client of the running manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def answers(self) -> bool:
        """Whether the manager's socket is served."""
        try:
            self._ask(lambda rpc: rpc.getPID())
        except StackError:
            return False
        return True

    def programs(self) -> dict[str, Managed]:
        """What the manager reports about each program. Raises `StackError` if it does not answer."""
        found = self._ask(lambda rpc: rpc.getAllProcessInfo())
        return {
            info["name"]: Managed(
                info["statename"].lower(),
                info["pid"] or None,
                info["now"] - info["start"] if info["state"] in LIVES else 0,
                info["state"] in GOING,
            )
            for info in found
        }

    def start_program(self, name: str) -> None:
        """Start a program, unless it is going. Returns at once."""
        wait = False
        self._ask_of_program(lambda rpc: rpc.startProcess(name, wait), Faults.ALREADY_STARTED)

    def stop_program(self, name: str, *, wait: bool = True) -> None:
        """Stop a program, first gently, then its whole process group; `wait`: return when it has ended."""
        self._ask_of_program(lambda rpc: rpc.stopProcess(name, wait), Faults.NOT_RUNNING)

    def shut_down(self) -> None:
        """Ask the manager to end; it stops what still runs."""
        self._ask_of_program(lambda rpc: rpc.shutdown(), Faults.SHUTDOWN_STATE)

    def _ask_of_program(self, question: Callable[[Any], Any], expected_fault: int) -> None:
        try:
            self._ask(question)
        except Fault as fault:
            if fault.faultCode != expected_fault:
                raise StackError(f"The process manager refused: {fault.faultString}.") from None

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{socket_path(self._settings)}")
        try:
            return question(ServerProxy("http://localhost", transport=transport).supervisor)
        except (OSError, http.client.HTTPException, ProtocolError) as error:
            raise StackError(
                f"The process manager does not answer ({error}). Run `orderpulse down`, then `orderpulse up`."
            ) from None
        finally:
            transport.close()


@dataclass(frozen=True, slots=True)
class Start:
    """A start of a program: Unix time in seconds, and how often it had failed in a row without progress."""

    at: float
    failures: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Process `pid` waits until `until` (Unix time) before it becomes the program, after so many failures in a row."""

    pid: int
    until: float
    failures: int


class StartLog:
    """When a program was started: each start adds a line, a requested start begins a new file.

    So every line after the first is a restart that nobody asked for. A file next to it holds the pause before the next
    start, while it lasts.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self._path = settings.data_dir / "run" / f"{name}.starts"
        self._pause = self._path.with_suffix(".pause")

    def add(self, failures: int = 0) -> None:
        """Note a start at this moment; it ends a pause."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(f"{time.time():.3f} {failures}\n")
        self._pause.unlink(missing_ok=True)

    def begin_anew(self) -> None:
        """Forget all; the next start is one that somebody asked for."""
        self._path.unlink(missing_ok=True)
        self._pause.unlink(missing_ok=True)

    def last(self) -> Start | None:
        """The newest start; None if the next one is the first that somebody asked for."""
        starts = self._starts()
        return starts[-1] if starts else None

    def restarts(self) -> list[float]:
        """Unix times, in seconds, of the restarts that nobody asked for, the oldest first."""
        return [start.at for start in self._starts()[1:]]

    def note_pause(self, pause: Pause) -> None:
        """Note that the program is not started before `pause.until`."""
        self._pause.write_text(f"{pause.pid} {pause.until:.3f} {pause.failures}", encoding="utf-8")

    def pause(self) -> Pause | None:
        """The current pause, or None."""
        try:
            pid, until, failures = self._pause.read_text(encoding="utf-8").split()
        except (FileNotFoundError, ValueError):
            return None
        return Pause(int(pid), float(until), int(failures))

    def _starts(self) -> list[Start]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        parts = [line.split() for line in lines]
        return [Start(float(at), int(failures[0]) if failures else 0) for at, *failures in parts]
