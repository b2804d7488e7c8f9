"""What committed batches changed: as a notification says it, or as the ledger shows it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from api.live.message import Question

__all__ = ["MOST_WINDOWS", "Committed", "Pending", "RecentBatches", "parse_notification"]

MOST_WINDOWS = 60
"""A notification names no more (PostgreSQL's limit is 8,000 bytes); where it names so many, there may be others."""

REMEMBERED_S = 60.0


@dataclass(frozen=True, slots=True)
class Committed:
    """One batch of a streaming query. `events`: rows that it added to `events_clean`; `windows`: starts."""

    query: str
    batch_id: int
    events: int = 0
    windows: tuple[datetime, ...] = ()


def parse_notification(payload: str) -> Committed | None:
    """The batch that a notification announces; None where it announces none that is known here."""
    try:
        said = orjson.loads(payload)
        windows = tuple(datetime.fromisoformat(start) for start in said.get("windows", ()))
        if any(start.tzinfo is None for start in windows):
            return None
        return Committed(str(said["query"]), int(said["batch_id"]), int(said.get("events", 0)), windows)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


@dataclass(slots=True)
class Pending:
    """What changed since it was last read."""

    events: int = 0
    windows: set[datetime] = field(default_factory=set)
    kpis: bool = False
    questions: set[Question] = field(default_factory=set)
    resync: bool = False

    def add(self, batch: Committed) -> None:
        """Note what a batch changed."""
        self.events += batch.events
        if batch.windows:
            self.kpis = True
            self.windows.update(batch.windows)
            self.resync |= len(batch.windows) >= MOST_WINDOWS

    def put_back(self, other: "Pending") -> None:
        """Note what could not be read."""
        self.events += other.events
        self.windows |= other.windows
        self.kpis |= other.kpis
        self.questions |= other.questions
        self.resync |= other.resync


class RecentBatches:
    """The batches of the last minute, so that what is heard twice (announced, and in the ledger) counts once.

    Older ones are forgotten: a new checkpoint begins at batch 0 again.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heard: deque[tuple[float, tuple[str, int]]] = deque()
        self._known: set[tuple[str, int]] = set()

    def is_new(self, batch: Committed) -> bool:
        """Whether `batch` was not heard of lately; from now on it was."""
        now, key = self._clock(), (batch.query, batch.batch_id)
        while self._heard and self._heard[0][0] < now - REMEMBERED_S:
            self._known.discard(self._heard.popleft()[1])
        if key in self._known:
            return False
        self._known.add(key)
        self._heard.append((now, key))
        return True
