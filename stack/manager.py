"""The process manager, `supervisor`: is it there, start it, and what it is asked to do."""

import http.client
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy

from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, SupervisorTransport

from core.errors import StackError
from core.settings import Settings
from stack.environment import child_environment
from stack.locks import holder
from stack.supervisor_config import SUPERVISOR, log_path, socket_path, write_configuration
from stack.waiting import wait_until

__all__ = ["Managed", "Manager"]

START_TIMEOUT_S = 30.0
GOING = (ProcessStates.STARTING, ProcessStates.RUNNING)


@dataclass(frozen=True, slots=True)
class Managed:
    """What the manager says of one program: its state in supervisor's own words."""

    state: str
    pid: int | None
    uptime_s: int
    going: bool


class Manager:
    """A handle over the running manager; it holds no state of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def pid(self) -> int | None:
        """Pid of the manager; None where none lives."""
        found = holder(self._settings, SUPERVISOR)
        return found.pid if found else None

    def start(self) -> None:
        """Start the manager, in a session of its own, and wait until it answers.

        Raises `StackError` where it does not.
        """
        write_configuration(self._settings)
        with log_path(self._settings, SUPERVISOR).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "stack", "run", SUPERVISOR],
                cwd=self._settings.root,
                env=child_environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        log_name = log_path(self._settings, SUPERVISOR)
        if (
            not wait_until(lambda: self.answers() or process.poll() is not None, START_TIMEOUT_S)
            or not self.answers()
        ):
            raise StackError(f"The process manager did not start; {log_name} says why.")

    def answers(self) -> bool:
        """Whether the manager's socket is served."""
        try:
            self._ask(lambda rpc: rpc.getPID())
        except StackError:
            return False
        return True

    def programs(self) -> dict[str, Managed]:
        """What the manager says of each program; empty where it does not live."""
        if self.pid() is None:
            return {}
        found = self._ask(lambda rpc: rpc.getAllProcessInfo())
        return {
            info["name"]: Managed(
                info["statename"].lower(),
                info["pid"] or None,
                info["now"] - info["start"] if info["state"] in GOING else 0,
                info["state"] in GOING,
            )
            for info in found
        }

    def start_program(self, name: str) -> None:
        """Start a program, unless it is going. Returns at once."""
        wait = False
        self._ask_of_program(lambda rpc: rpc.startProcess(name, wait), Faults.ALREADY_STARTED)

    def stop_program(self, name: str) -> None:
        """Stop a program and return when it has ended."""
        self._ask_of_program(lambda rpc: rpc.stopProcess(name), Faults.NOT_RUNNING)

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
