"""A clean stop: SIGTERM and SIGINT set a flag that the loops check."""

import signal
from types import FrameType


class StopFlag:
    """Whether, and how often, the process was asked to stop."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self) -> bool:
        """True once a stop was requested."""
        return self.requests > 0

    def insisted(self) -> bool:
        """Whether a second signal came: skip the clean shutdown."""
        return self.requests > 1

    def install(self) -> None:
        """Handle SIGTERM and SIGINT; call it in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.requests += 1
