"""Rate control without drift: how many records are due at a given time."""

MAX_CATCH_UP_S = 1.0
"""After a pause, at most this many seconds' worth of records are made up for."""

MAX_CHUNK = 500
"""Maximum records per call, so that the caller can check for other work in between."""


class Pacer:
    """Limits sending to `rate` records a second from `now` (seconds of a monotonic clock) on.

    A rate of 0 is no limit.
    """

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._since = now
        self._handed_out = 0

    def take(self, now: float) -> int:
        """How many records to send now."""
        if self.rate == 0:
            return MAX_CHUNK
        owed = int((now - self._since) * self.rate) + 1 - self._handed_out
        limit = max(1, int(MAX_CATCH_UP_S * self.rate))
        if owed > limit:
            self._since, self._handed_out, owed = now, 1 - limit, limit
        chunk = min(max(owed, 0), MAX_CHUNK)
        self._handed_out += chunk
        return chunk

    def wait_s(self, now: float) -> float:
        """Seconds until the next record is due; 0 if one is due now."""
        if self.rate == 0:
            return 0.0
        return max(0.0, self._handed_out / self.rate - (now - self._since))

    def change_rate(self, rate: float, now: float) -> None:
        """Continue at another rate, without a jump."""
        if rate != self.rate:
            self.rate, self._since, self._handed_out = rate, now, 1
