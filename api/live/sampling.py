"""Selects the events shown live: the newest ones, at most so many a second, and their total."""

from collections import deque
from collections.abc import Callable, Iterable

from api.models import Event

SHOWN_PER_S = 20
CANDIDATES = 3 * SHOWN_PER_S
"""Newest events that are read to find those not yet shown."""


class Sampler:
    """Tracks which events were shown, and how many may be shown now."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._filled_at = clock()
        self._allowance = float(SHOWN_PER_S)
        self._shown: deque[str] = deque(maxlen=2 * CANDIDATES)

    def allowed(self) -> int:
        """How many events may be shown now."""
        now = self._clock()
        self._allowance = min(SHOWN_PER_S, self._allowance + (now - self._filled_at) * SHOWN_PER_S)
        self._filled_at = now
        return int(self._allowance)

    def choose(self, candidates: Iterable[Event], limit: int) -> list[Event]:
        """The first `limit` of `candidates` not shown before; records them as shown."""
        known = set(self._shown)
        chosen = [event for event in candidates if event.id not in known][:limit]
        self._shown.extend(event.id for event in chosen)
        self._allowance -= len(chosen)
        return chosen
