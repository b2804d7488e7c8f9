"""Changes by committed batches, from notifications or from the ledger."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from api.live.message import RangeKey

MAX_WINDOWS = 60
"""Maximum windows in a notification (PostgreSQL's limit is 8,000 bytes); with this many there may be others."""

REMEMBERED_S = 60.0


@dataclass(frozen=True, slots=True)
class Committed:
    """One batch of a streaming query. `events`: rows that it added to `events_clean`; `windows`: starts."""

    query: str
    batch_id: int
    events: int = 0
    windows: tuple[datetime, ...] = ()


def parse_notification(payload: str) -> Committed | None:
    """The batch that a notification announces; None if the payload is not known."""
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
    range_keys: set[RangeKey] = field(default_factory=set)
    resync: bool = False

    def add(self, batch: Committed) -> None:
        """Add the changes of a batch."""
        self.events += batch.events
        if batch.windows:
            self.kpis = True
            self.windows.update(batch.windows)
            self.resync |= len(batch.windows) >= MAX_WINDOWS

    def put_back(self, other: "Pending") -> None:
        """Add changes that could not be read."""
        self.events += other.events
        self.windows |= other.windows
        self.kpis |= other.kpis
        self.range_keys |= other.range_keys
        self.resync |= other.resync


class RecentBatches:
    """The batches of the last minute, so that a batch that is both announced and in the ledger counts once.

    Older ones are forgotten: a new checkpoint starts at batch 0 again.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heard: deque[tuple[float, tuple[str, int]]] = deque()
        self._known: set[tuple[str, int]] = set()

    def is_new(self, batch: Committed) -> bool:
        """Whether `batch` is new; records it."""
        now, key = self._clock(), (batch.query, batch.batch_id)
        while self._heard and self._heard[0][0] < now - REMEMBERED_S:
            self._known.discard(self._heard.popleft()[1])
        if key in self._known:
            return False
        self._known.add(key)
        self._heard.append((now, key))
        return True
