"""A finding of the doctor."""

from dataclasses import dataclass
from typing import Literal

from core.settings import Environment, Settings
from stack.host.locks import holder
from stack.local.supervisor_config import SUPERVISOR


@dataclass(frozen=True, slots=True)
class Finding:
    """The subject of a check, its grade, and what was seen."""

    subject: str
    grade: Literal["ok", "warning", "PROBLEM"]
    seen: str

    @property
    def well(self) -> bool:
        """Whether it is not a problem."""
        return self.grade != "PROBLEM"


def fine(subject: str, seen: str) -> Finding:
    """A finding without fault."""
    return Finding(subject, "ok", seen)


def warning(subject: str, seen: str) -> Finding:
    """A finding that needs action soon."""
    return Finding(subject, "warning", seen)


def problem(subject: str, seen: str) -> Finding:
    """A finding that needs action now."""
    return Finding(subject, "PROBLEM", seen)


def is_running(settings: Settings) -> bool:
    """Whether the platform should respond: it was started here, or others run it in production."""
    return settings.environment is Environment.PRODUCTION or holder(settings, SUPERVISOR) is not None


def may_be_open(settings: Settings) -> bool:
    """Whether plaintext and a shared user are intended: on a developer's machine, unless it is secured."""
    return settings.environment is not Environment.PRODUCTION and settings.stack.security == "off"
