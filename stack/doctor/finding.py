"""What the doctor says of one thing."""

from dataclasses import dataclass
from typing import Literal

from core.settings import Environment, Settings
from stack.locks import holder
from stack.supervisor_config import SUPERVISOR

__all__ = ["Finding", "fine", "is_running", "may_be_open", "problem", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how grave it is, and what was seen."""

    subject: str
    grade: Literal["ok", "warning", "PROBLEM"]
    seen: str

    @property
    def well(self) -> bool:
        """Whether nothing must be done at once."""
        return self.grade != "PROBLEM"


def fine(subject: str, seen: str) -> Finding:
    """As it should be."""
    return Finding(subject, "ok", seen)


def warning(subject: str, seen: str) -> Finding:
    """To be done soon."""
    return Finding(subject, "warning", seen)


def problem(subject: str, seen: str) -> Finding:
    """Not as it should be."""
    return Finding(subject, "PROBLEM", seen)


def is_running(settings: Settings) -> bool:
    """Whether the platform must answer: it was started here, or others run it in production."""
    return settings.environment is Environment.PRODUCTION or holder(settings, SUPERVISOR) is not None


def may_be_open(settings: Settings) -> bool:
    """Whether plain text and one user for all are as intended: on a developer's machine, unless it is secured."""
    return settings.environment is not Environment.PRODUCTION and settings.stack.security == "off"
