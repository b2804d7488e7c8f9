"""The mix of live traffic: valid events with a share of invalid, duplicate and late ones."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import orjson

from core.clock import Clock
from core.errors import SettingsError
from generator.invalid import break_event
from generator.journeys import Journeys
from generator.records import Kind, Record

OLDEST_LATE = timedelta(minutes=4)
"""Late but accepted: the contract's limit of 5 minutes, less a minute for the transfer to Kafka."""

DUPLICATE_WITHIN = timedelta(seconds=30)
"""A duplicate follows its original within this time, so that it is not itself late."""

REMEMBERED = 256
"""Number of recent records from which a duplicate is chosen."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of all records (invalid, duplicate) and of the valid ones (late), from 0 to 1."""

    invalid: float = 0.0
    duplicate: float = 0.0
    late: float = 0.0

    def __post_init__(self) -> None:
        if self.invalid + self.duplicate > 1:
            raise SettingsError(
                f"The shares of invalid ({self.invalid}) and duplicate ({self.duplicate}) records exceed 1 together."
            )


class TrafficMix:
    """An endless stream of records. The same seed, rate and clock give the same records."""

    def __init__(self, rng: Random, journeys: Journeys, shares: Shares, clock: Clock) -> None:
        self._rng = rng
        self._journeys = journeys
        self._shares = shares
        self._duplicate_below = shares.invalid + shares.duplicate
        self._clock = clock
        self._recent: deque[tuple[datetime, Record]] = deque(maxlen=REMEMBERED)

    def next_record(self) -> Record:
        """The record to send now."""
        now = self._clock()
        draw = self._rng.random()
        if draw < self._shares.invalid:
            return self._invalid(now)
        if draw < self._duplicate_below:
            return self._duplicate(now)
        return self._valid(now)

    def _valid(self, now: datetime) -> Record:
        late = self._shares.late and self._rng.random() < self._shares.late
        event = self._journeys.next_event(now - OLDEST_LATE * self._rng.random() if late else now)
        record = Record(event["orderId"].encode(), orjson.dumps(event), Kind.VALID, event["id"])
        if self._shares.duplicate:
            self._recent.append((now, record))
        return record

    def _invalid(self, now: datetime) -> Record:
        event = self._journeys.stray_event(now)
        value, mutator = break_event(self._rng, event, now)
        return Record(event["orderId"].encode(), value, Kind.INVALID, None, mutator.reason)

    def _duplicate(self, now: datetime) -> Record:
        while self._recent and now - self._recent[0][0] > DUPLICATE_WITHIN:
            self._recent.popleft()
        if not self._recent:
            return self._valid(now)
        _, original = self._recent[int(self._rng.random() * len(self._recent))]
        return original._replace(kind=Kind.DUPLICATE)
