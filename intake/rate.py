"""How often each sender may send: a token bucket each (verified senders only, so there are few)."""

from collections.abc import Callable
from time import monotonic

from intake.problems import ProblemError

BURST_S = 2.0


class RateLimit:
    """`per_s` requests a second for each name, in bursts of up to two seconds' worth."""

    def __init__(self, per_s: float, clock: Callable[[], float] = monotonic) -> None:
        self._per_s = per_s
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Count one request. Raises `ProblemError` (429) if it exceeds the limit."""
        most = max(self._per_s * BURST_S, 1.0)
        now = self._clock()
        left, at = self._left.get(name, (most, now))
        left = min(most, left + (now - at) * self._per_s)
        if left < 1:
            self._left[name] = (left, now)
            wait_s = max(1, round((1 - left) / self._per_s))
            raise ProblemError(
                429,
                "too_many_requests",
                f"More than {self._per_s:g} requests a second; send events in batches, or less often.",
                {"Retry-After": str(wait_s)},
            )
        self._left[name] = (left - 1, now)
