"""Before the stream stops: let it read all records in Kafka, so that none expire unread."""

import time
from collections.abc import Callable

import psycopg

from core import kafka, postgres
from core.errors import BrokerError
from core.settings import Settings
from database.resume import QUERIES, read_progress

POLL_S = 0.2
TELL_S = 5.0
STILL_S = 30.0
"""The wait ends if the stream commits nothing for this long; its largest batches take a third of it."""


class Backlog:
    """What the topic held at one moment. Raises `BrokerError` if Kafka does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ends = kafka.end_offsets(settings.kafka, settings.kafka.topic, timeout_s=5)

    def left(self) -> int:
        """Records of it that the slower query has not committed. Raises psycopg's errors."""
        with postgres.connect(self._settings.postgres, autocommit=True) as connection:
            done = read_progress(connection)
        reached = [done[name].offsets if name in done else {} for name in QUERIES]
        return max(
            sum(max(0, end - offsets.get(partition, 0)) for partition, end in self._ends.items())
            for offsets in reached
        )


def drain(settings: Settings, tell: Callable[[str], None]) -> None:
    """Return once the stream has committed all records that Kafka holds now, or makes no progress.

    Waits `drain_timeout_s` at most. Reports the number of remaining records to `tell`. Nothing is lost if it ends early:
    the next `up` reads the rest, while Kafka still has it.
    """
    try:
        backlog = Backlog(settings)
        left = _wait(backlog, settings.stack.drain_timeout_s, tell)
    except (BrokerError, psycopg.Error) as error:
        tell(f"the number of unread records is unknown: {str(error).strip()}")
        return
    if left:
        tell(f"{left:,} records are unread; the next `up` reads them, as long as Kafka still has them")


class Draining:
    """The same without blocking, for a runner that polls; starts at the first poll."""

    def __init__(self, settings: Settings, timeout_s: float) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._backlog: Backlog | None = None
        self._until = 0.0

    def is_over(self) -> bool:
        """Whether nothing is left, the time is up, or a server does not answer."""
        try:
            if self._backlog is None:
                self._until = time.monotonic() + self._timeout_s
                self._backlog = Backlog(self._settings)
            return time.monotonic() >= self._until or self._backlog.left() == 0
        except (BrokerError, psycopg.Error):
            return True


def _wait(backlog: Backlog, timeout_s: float, tell: Callable[[str], None]) -> int:
    began = moved_at = told_at = time.monotonic()
    left = least = backlog.left()
    while left and time.monotonic() - began < timeout_s and time.monotonic() - moved_at < STILL_S:
        if time.monotonic() - told_at >= TELL_S:
            told_at = time.monotonic()
            tell(f"the stream reads the remaining {left:,} records")
        time.sleep(POLL_S)
        left = backlog.left()
        if left < least:
            least, moved_at = left, time.monotonic()
    return left
