"""Start the process manager, `supervisor`, and tell whether it lives. What it can be asked: `control.process_manager`."""

import subprocess
import sys

from control.process_manager import Managed, ProcessManager, log_path
from core.errors import StackError
from stack.host.environment import child_environment
from stack.host.locks import holder
from stack.host.waiting import wait_until
from stack.local.supervisor_config import SUPERVISOR, write_configuration

START_TIMEOUT_S = 30.0


class Manager(ProcessManager):
    """The manager of this checkout; it holds no state of its own."""

    def pid(self) -> int | None:
        """Pid of the manager; None if none lives."""
        found = holder(self._settings, SUPERVISOR)
        return found.pid if found else None

    def programs(self) -> dict[str, Managed]:
        """What the manager reports of each program; empty if it does not live."""
        return super().programs() if self.pid() is not None else {}

    def start(self) -> None:
        """Start the manager, in a session of its own, and wait until it answers.

        Raises `StackError` if it does not.
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
