"""Show the log of a program."""

from core.errors import StackError
from core.process_manager import log_path
from core.settings import Settings
from stack.environment import child_environment
from stack.launch import Launch
from stack.programs import program
from stack.supervisor_config import SUPERVISOR

__all__ = ["tail"]


def tail(settings: Settings, name: str, lines: int, *, follow: bool) -> Launch:
    """The command that shows the last `lines` of a log, and follows it across rotations.

    Raises `StackError` where there is no such program or no log yet.
    """
    path = log_path(settings, name if name == SUPERVISOR else program(name).name)
    if not path.exists():
        raise StackError(f"{name} has written no log yet ({path}).")
    how = ["-F"] if follow else []
    return Launch(["tail", "-n", str(lines), *how, str(path)], child_environment(settings), settings.root)
