"""Check a platform, planned or running, and report findings."""

from collections.abc import Callable, Iterator

from core.errors import OrderpulseError
from core.settings import Environment, Settings
from stack.doctor.finding import Finding, problem
from stack.doctor.machine import machine, server_machine
from stack.doctor.rules import files, rules
from stack.doctor.running import checkpoints, exposure, losses, role, topic
from stack.doctor.session import logout
from stack.doctor.wire import wire


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield all findings. Changes nothing."""
    production = settings.environment is Environment.PRODUCTION
    looks: dict[str, Callable[[Settings], Iterator[Finding]]] = {
        "machine": server_machine if production else machine,
        "logout": logout,
        "settings": rules,
        "files": files,
        "TLS": wire,
        "role": role,
        "ports": exposure,
        "checkpoints": checkpoints,
        "records": losses,
        "topic": topic,
    }
    for subject, look in looks.items():
        try:
            yield from look(settings)
        except OrderpulseError as error:
            yield problem(subject, str(error))
