"""Where a query whose checkpoint is new goes on, when the ledger knows what has been done.

After a restore, or a failover that lost the newest commits, the checkpoint is ahead of the database: Spark
would skip what lies between. Then the checkpoint is begun anew where the ledger ends:

- `events_clean` needs no state: what it reads twice the primary key refuses. It begins at the ledger's end.
- `kpi_1m` needs the events of the windows that may still change, and the ids in them. The oldest record that
  a query has still to read was taken at T. An accepted event happened at T - 5 min or later (rule `late`), and
  Kafka took all events of its window 1 min before the window's start or later (rule `future`). It begins there,
  and a partial window never replaces a fuller one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from core import kafka
from core.clock import to_iso8601
from core.events import FUTURE_LIMIT, LATENESS_LIMIT
from core.settings import KafkaSettings
from core.tables import EVENTS_CLEAN, KPI_1M, STREAM_BATCH
from core.topic_facts import times_at

__all__ = ["EARLIEST", "QUERIES", "Beginning", "Done", "Lost", "beginnings", "read_done"]

QUERIES = (EVENTS_CLEAN.name, KPI_1M.name)
EARLIEST = -2
"""Kafka's own number for the oldest record there is."""

CLOCKS = timedelta(minutes=1)
"""How far the clocks of two brokers, or ours, may be apart."""

_NEWEST = f"""
    SELECT offsets_to, coalesce(max_event_time, committed_at) FROM {STREAM_BATCH.name}
    WHERE query_name = %s ORDER BY committed_at DESC LIMIT 1
"""  # noqa: S608  # a constant name


@dataclass(frozen=True, slots=True)
class Done:
    """How far a query is by the ledger: the next offset by partition, and the time of its newest event."""

    offsets: dict[int, int]
    newest: datetime


@dataclass(frozen=True, slots=True)
class Lost:
    """Offsets from `first` to `last` (not included) of a partition that Kafka deleted before they were read.

    `last` is None where the topic ends before `first`: it is another topic than the one that was read.
    They were taken after `since`, or a little earlier, and before `until` (None: nothing came after them).
    """

    partition: int
    first: int
    last: int | None
    since: datetime
    until: datetime | None

    def __str__(self) -> str:
        if self.last is None:
            return f"partition {self.partition}: the topic has no offset {self.first}, so it is another topic"
        until = f" to {to_iso8601(self.until)}" if self.until else ""
        span = f"offsets {self.first} to {self.last - 1} ({self.last - self.first:,} records)"
        return f"partition {self.partition}: {span}, from about {to_iso8601(self.since)}{until}"


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a query begins: offset by partition (or `EARLIEST`), the records it has not read, and those it never will."""

    offsets: dict[int, int]
    unread: int
    lost: tuple[Lost, ...]


def read_done(connection: psycopg.Connection[Any]) -> dict[str, Done]:
    """How far each query is; one that has committed nothing is not in it."""
    found = {}
    with connection.cursor(row_factory=tuple_row) as cursor:
        for name in QUERIES:
            row = cursor.execute(_NEWEST.encode(), (name,)).fetchone()
            if row is not None:
                found[name] = Done({int(partition): offset for partition, offset in row[0].items()}, row[1])
    return found


def beginnings(settings: KafkaSettings, done: dict[str, Done], now: datetime) -> dict[str, Beginning]:
    """Where each query begins, by its name. Raises `BrokerError` where Kafka does not answer."""
    first, end = kafka.first_offsets(settings, settings.topic), kafka.end_offsets(settings, settings.topic)
    reached = {name: _reached(done.get(name), first, end) for name in QUERIES}
    ahead = {partition: min(each[partition] for each in reached.values()) for partition in end}
    waiting = {partition: offset for partition, offset in ahead.items() if offset < end[partition]}
    times = times_at(settings, waiting)
    windows = kafka.offsets_at(settings, settings.topic, _first_of_windows(min([now, *times.values()])))
    kpis = {partition: min(offset, windows[partition]) for partition, offset in reached[KPI_1M.name].items()}
    return {
        name: Beginning(
            {
                partition: EARLIEST if offset <= first[partition] else offset
                for partition, offset in (kpis if name == KPI_1M.name else reached[name]).items()
            },
            sum(end[partition] - offset for partition, offset in reached[name].items()),
            _lost(done.get(name), first, end, times),
        )
        for name in QUERIES
    }


def _reached(done: Done | None, first: dict[int, int], end: dict[int, int]) -> dict[int, int]:
    """The next offset of each partition that there is now: a partition may be new, its oldest records gone."""
    offsets = done.offsets if done else {}
    return {
        partition: oldest
        if not oldest <= offsets.get(partition, oldest) <= end[partition]
        else offsets.get(partition, oldest)
        for partition, oldest in first.items()
    }


def _lost(
    done: Done | None, first: dict[int, int], end: dict[int, int], times: dict[int, datetime]
) -> tuple[Lost, ...]:
    if done is None:
        return ()
    return tuple(
        Lost(
            partition,
            offset,
            first[partition] if offset < first[partition] else None,
            done.newest,
            times.get(partition),
        )
        for partition, offset in sorted(done.offsets.items())
        if partition in first and not first[partition] <= offset <= end[partition]
    )


def _first_of_windows(oldest: datetime) -> datetime:
    """When Kafka took the first event of the windows that a record taken at `oldest` or later may change."""
    window = (oldest - LATENESS_LIMIT).replace(second=0, microsecond=0)
    return window - FUTURE_LIMIT - CLOCKS
