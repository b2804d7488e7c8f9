"""A clean stop: SIGTERM and SIGINT set a flag that the loops look at."""

import signal
from types import FrameType

__all__ = ["StopFlag"]


class StopFlag:
    """Whether the process was asked to stop, and how often."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self) -> bool:
        """True once a stop was asked for."""
        return self.requests > 0

    def insisted(self) -> bool:
        """Asked a second time: give up even the clean part."""
        return self.requests > 1

    def install(self) -> None:
        """Listen to SIGTERM and SIGINT, in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.requests += 1
