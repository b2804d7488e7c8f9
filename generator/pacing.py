"""Rate control without drift: how many records are owed at a given time."""

__all__ = ["Pacer"]

LONGEST_DEBT_S = 1.0
"""After a pause no more than what this time would have sent is caught up with."""

LARGEST_CHUNK = 500
"""Most records handed out at once, so that the caller looks around in between."""


class Pacer:
    """Hands out records at `rate` a second from `now` (seconds of a monotonic clock) on.

    A rate of 0 hands out as many as the caller can take.
    """

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._since = now
        self._handed_out = 0

    def take(self, now: float) -> int:
        """How many records to send now."""
        if self.rate == 0:
            return LARGEST_CHUNK
        owed = int((now - self._since) * self.rate) + 1 - self._handed_out
        limit = max(1, int(LONGEST_DEBT_S * self.rate))
        if owed > limit:
            self._since, self._handed_out, owed = now, 1 - limit, limit
        chunk = min(max(owed, 0), LARGEST_CHUNK)
        self._handed_out += chunk
        return chunk

    def wait_s(self, now: float) -> float:
        """Seconds until the next record is owed; 0 if it is."""
        if self.rate == 0:
            return 0.0
        return max(0.0, self._handed_out / self.rate - (now - self._since))

    def change_rate(self, rate: float, now: float) -> None:
        """Go on at another rate, without a jump."""
        if rate != self.rate:
            self.rate, self._since, self._handed_out = rate, now, 1
