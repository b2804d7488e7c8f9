"""Where a query with a new checkpoint starts, according to the ledger.

After a restore, or a failover that lost the newest commits, the checkpoint is ahead of the database: Spark
would skip the records in between. So a new checkpoint starts at the end of the ledger. The same happens if Kafka no
longer has the records after that end, because Spark would fail at each start:

- `events_clean` needs no state: the primary key drops what it reads twice. It starts at the ledger's end.
- `kpi_1m` needs the events of the windows that may still change, and the ids in them. Let Kafka have received the
  oldest unread record at T. Its event, if accepted, happened at T - 5 min or later (rule `late`), and
  Kafka received all events of its window 1 min before the window's start or later (rule `future`). It starts there,
  and a partial window never replaces a more complete one.

Offsets are valid in one topic only. In a topic that was created again under the same name, each query starts at the
first record: reading twice is harmless, and records below its old offsets are new.
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

QUERIES = (EVENTS_CLEAN.name, KPI_1M.name)
EARLIEST = -2
"""Kafka's number for the oldest available record."""

CLOCKS = timedelta(minutes=1)
"""Allowed difference between the clocks of two brokers, or ours."""

_NEWEST = f"""
    SELECT offsets_to, coalesce(max_event_time, committed_at), to_jsonb(batch) ->> 'topic_id'
    FROM {STREAM_BATCH.name} AS batch
    WHERE query_name = %s ORDER BY committed_at DESC LIMIT 1
"""  # noqa: S608  # a constant name
"""As JSON, because a backup before an upgrade reads a ledger without the column."""


@dataclass(frozen=True, slots=True)
class QueryProgress:
    """A query's progress in the ledger: the next offset by partition, the time of its newest event, the topic.

    `topic_id` is None if not known.
    """

    offsets: dict[int, int]
    newest: datetime
    topic_id: str | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """Kafka's current topic: first and next offset by partition, and the topic's id."""

    first: dict[int, int]
    end: dict[int, int]
    topic_id: str | None = None

    def replaces(self, done: QueryProgress) -> bool:
        """Whether this is another topic than that of `done`.

        Compares their ids; without ids, another topic ends before what was read, or lacks a partition.
        """
        if done.topic_id is not None and self.topic_id is not None:
            return done.topic_id != self.topic_id
        return any(offset > self.end.get(partition, -1) for partition, offset in done.offsets.items())

    def lacks(self, done: QueryProgress) -> bool:
        """Whether it no longer has the records after `done`."""
        below = (done.offsets.get(partition, 0) < oldest for partition, oldest in self.first.items())
        return self.replaces(done) or any(below)


@dataclass(frozen=True, slots=True)
class Lost:
    """Offsets from `first` to `last` (exclusive) of a partition that Kafka deleted before they were read.

    `last` is None if the partition's end was never seen. Kafka received them after `since`, or a little
    earlier, and before `until` (None: nothing came after them). `replaced`: the whole topic was deleted and
    created again. `topic_id` is Kafka's id of their topic, None if not known.
    """

    partition: int
    first: int
    last: int | None
    since: datetime
    until: datetime | None
    topic_id: str | None = None
    replaced: bool = False

    def __str__(self) -> str:
        where = (
            f"partition {self.partition} of the former topic"
            if self.replaced
            else f"partition {self.partition}"
        )
        if self.last is None:
            return f"{where}: all from offset {self.first}"
        if self.last == self.first:
            return f"{where}: nothing, all {self.first:,} offsets had been read"
        until = f" to {to_iso8601(self.until)}" if self.until else ""
        span = f"offsets {self.first} to {self.last - 1} ({self.last - self.first:,} records)"
        return f"{where}: {span}, from about {to_iso8601(self.since)}{until}"


@dataclass(frozen=True, slots=True)
class StartPosition:
    """Where a query starts: offset by partition (or `EARLIEST`), its number of unread records, and lost ones."""

    offsets: dict[int, int]
    unread: int
    lost: tuple[Lost, ...]


def read_progress(connection: psycopg.Connection[Any]) -> dict[str, QueryProgress]:
    """The progress of each query that has committed a batch."""
    found = {}
    with connection.cursor(row_factory=tuple_row) as cursor:
        for name in QUERIES:
            row = cursor.execute(_NEWEST.encode(), (name,)).fetchone()
            if row is not None:
                found[name] = QueryProgress(
                    {int(partition): offset for partition, offset in row[0].items()}, *row[1:]
                )
    return found


def read_topic(settings: KafkaSettings, topic_id: str | None = None) -> Topic:
    """The current state of the configured topic. Raises `BrokerError` if Kafka does not respond."""
    first, end = kafka.first_offsets(settings, settings.topic), kafka.end_offsets(settings, settings.topic)
    return Topic(first, end, topic_id)


def start_positions(
    settings: KafkaSettings,
    topic: Topic,
    done: dict[str, QueryProgress],
    now: datetime,
    seen_ends: dict[int, int] | None = None,
) -> dict[str, StartPosition]:
    """Where each query starts, by its name. Raises `BrokerError` if Kafka does not respond.

    `seen_ends`: the end offsets of the former topic when it was last seen, by partition.
    """
    here = {name: each for name, each in done.items() if not topic.replaces(each)}
    reached = {name: _reached(here.get(name), topic) for name in QUERIES}
    ahead = {partition: min(each[partition] for each in reached.values()) for partition in topic.end}
    waiting = {partition: offset for partition, offset in ahead.items() if offset < topic.end[partition]}
    times = times_at(settings, waiting)
    windows = kafka.offsets_at(settings, settings.topic, _first_window_time(min([now, *times.values()])))
    kpis = {partition: min(offset, windows[partition]) for partition, offset in reached[KPI_1M.name].items()}
    lost = {
        name: _deleted(each, topic, times) if name in here else _replaced(each, topic, seen_ends or {})
        for name, each in done.items()
    }
    return {
        name: StartPosition(
            {
                partition: EARLIEST if offset <= topic.first[partition] else offset
                for partition, offset in (kpis if name == KPI_1M.name else reached[name]).items()
            },
            sum(topic.end[partition] - offset for partition, offset in reached[name].items()),
            lost.get(name, ()),
        )
        for name in QUERIES
    }


def _reached(done: QueryProgress | None, topic: Topic) -> dict[int, int]:
    """The next offset of each current partition, which may be new or lack its oldest records.

    A partition that ends before its read offset (a broker lost its newest records) is read again from its start.
    """
    offsets = done.offsets if done else {}
    return {
        partition: offset
        if oldest <= (offset := offsets.get(partition, oldest)) <= topic.end[partition]
        else oldest
        for partition, oldest in topic.first.items()
    }


def _deleted(done: QueryProgress, topic: Topic, times: dict[int, datetime]) -> tuple[Lost, ...]:
    """Unread offsets below the first records in Kafka. A new partition is read from offset 0."""
    return tuple(
        Lost(partition, offset, oldest, done.newest, times.get(partition), topic.topic_id)
        for partition, oldest in sorted(topic.first.items())
        if (offset := done.offsets.get(partition, 0)) < oldest
    )


def _replaced(done: QueryProgress, topic: Topic, seen_ends: dict[int, int]) -> tuple[Lost, ...]:
    """Unread offsets of the former topic, and those that the new one has already lost."""
    former = (
        Lost(
            partition,
            offset,
            _end(seen_ends, partition, offset),
            done.newest,
            None,
            done.topic_id,
            replaced=True,
        )
        for partition, offset in sorted(done.offsets.items())
    )
    return (*former, *_deleted(QueryProgress({}, done.newest), topic, {}))


def _end(seen_ends: dict[int, int], partition: int, offset: int) -> int | None:
    """End offset of a partition; None if it was last seen before `offset`."""
    end = seen_ends.get(partition)
    return end if end is not None and end >= offset else None


def _first_window_time(oldest: datetime) -> datetime:
    """When Kafka received the first event of the windows that records from `oldest` on may change."""
    window = (oldest - LATENESS_LIMIT).replace(second=0, microsecond=0)
    return window - FUTURE_LIMIT - CLOCKS
