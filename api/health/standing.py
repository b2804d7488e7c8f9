"""What the report needs to know of Dagster, whoever finds it out."""

from typing import Protocol

from api.models import CheckResult

__all__ = ["Standing", "StandingReader"]


class Standing(Protocol):
    """Whether Dagster answers, and what its checks last said; None where it did not tell."""

    @property
    def answers(self) -> bool:
        """Whether its web server answers."""

    @property
    def checks(self) -> list[CheckResult] | None:
        """The last result of each asset check."""


class StandingReader(Protocol):
    """Asks Dagster; may remember the answer for a few seconds."""

    async def standing(self) -> Standing:
        """How Dagster is. Does not raise."""
