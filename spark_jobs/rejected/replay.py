"""Validate rejected records again: after a change of the rules or of a source, or to admit late ones on purpose.

A record that is accepted now becomes a row of `events_clean`, is marked `replayed_at`, and its
minute is recomputed: all in one transaction per chunk, so a repetition finds nothing left to do. A
replayed record is accounted for once: the mark means that it is no longer a reject. Of a large record
only the beginning is stored: the whole is read from Kafka as long as it is there.

A message that did not map goes through its source again. It is marked once it maps and all its events are
accepted; otherwise it stays, with the new reason, and a repetition finds those of its events that were
admitted as duplicates.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import pyarrow as pa
from pyspark.sql import SparkSession

from core import postgres
from core.events import RejectReason
from core.settings import Settings
from core.sources import MappedMessage
from core.tables import EVENTS_CLEAN, EVENTS_REJECTED
from database import reconcile
from database.kpis import lock_kpis
from spark_jobs.rejected.kept_records import AT, COLUMNS, KeptRecord, Place, completed
from spark_jobs.rejected.mapping import mapped
from spark_jobs.rules.validate import EVENT_COLUMNS, validate

CHUNK = 500
"""Records in one transaction, during which the stream's KPIs wait."""

CHUNK_BYTES = 32 * 1024 * 1024
"""Of their values, beyond which no further record joins a chunk."""

PLACE = ("topic", "partition", "offset")
RECORDS = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("kafka_time", pa.timestamp("us", tz="UTC")),
        ("value", pa.binary()),
    ]
)

_SIZE = "coalesce(payload_bytes, octet_length(payload), 0)"
_NEXT = f"""
    SELECT {COLUMNS} FROM (
        SELECT *, sum({_SIZE}) OVER (ORDER BY kafka_time, topic, partition, "offset") - {_SIZE} AS bytes_before
        FROM {EVENTS_REJECTED.name}
        WHERE (reason = ANY(%(reasons)s) OR (source = ANY(%(sources)s) AND source_headers IS NOT NULL))
            AND kafka_time >= %(start)s AND kafka_time < %(end)s
            AND replayed_at IS NULL AND (kafka_time, topic, partition, "offset") > (%(kafka_time)s, %(topic)s, %(partition)s, %(offset)s)
        ORDER BY kafka_time, topic, partition, "offset" LIMIT {CHUNK}
    ) AS next
    WHERE bytes_before < {CHUNK_BYTES}
    ORDER BY kafka_time, topic, partition, "offset"
"""  # noqa: S608  # names come from the contract
_EVENT = ", ".join(EVENT_COLUMNS)
_STAGE = f"CREATE TEMP TABLE stage_replay ON COMMIT DELETE ROWS AS SELECT {_EVENT} FROM {EVENTS_CLEAN.name} LIMIT 0"  # noqa: S608  # as above
_COPY = f"COPY stage_replay ({_EVENT}) FROM STDIN"
_INSERT = f"""
    INSERT INTO {EVENTS_CLEAN.name} ({_EVENT}) SELECT {_EVENT} FROM stage_replay ORDER BY id
    ON CONFLICT (id) DO NOTHING
"""  # noqa: S608  # as above; in a fixed order, so that two writers wait for each other instead of deadlocking
_COUNT_NEW = f"""
    SELECT count(DISTINCT id) FROM stage_replay AS staged
    WHERE NOT EXISTS (SELECT FROM {EVENTS_CLEAN.name} AS kept WHERE kept.id = staged.id)
"""  # noqa: S608  # as above
_MARK = f"UPDATE {EVENTS_REJECTED.name} SET replayed_at = now() {AT}"  # noqa: S608  # as above
_STILL_UNMAPPED = f"UPDATE {EVENTS_REJECTED.name} SET unmapped_reason = %s, detail = %s {AT}"  # noqa: S608  # as above
_NOW_REFUSED = f"UPDATE {EVENTS_REJECTED.name} SET unmapped_reason = NULL, reason = %s, detail = %s {AT}"  # noqa: S608  # as above

Verdict = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Selects rejected records by reason and Kafka time (`end` is exclusive).

    Also the messages that did not map of `sources`, whatever the reason.
    """

    reasons: tuple[RejectReason, ...]
    start: datetime
    end: datetime
    sources: tuple[str, ...] = ()


@dataclass(slots=True)
class Summary:
    """Counts of the outcomes. `judged`: records. Of these `mapped`: messages that map now; `unmapped`: those that do
    not, by current reason; `without_event`: those that map and are about no order or payment.

    Each event, of which only a message may have several, is admitted, a duplicate, refused or expired.
    `duplicate`: accepted, but its id is already in `events_clean`. `refused`: by current reason.
    `expired`: accepted, but the events of its minute were deleted by age, so its KPIs cannot be recomputed.
    `cut`: records not judged, since only the beginning is stored, and they are too large or Kafka no longer has the rest.
    """

    judged: int = 0
    admitted: int = 0
    duplicate: int = 0
    expired: int = 0
    minutes: int = 0
    cut: int = 0
    mapped: int = 0
    without_event: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)


def replay(
    spark: SparkSession, settings: Settings, selection: Selection, *, admit_late: bool, dry_run: bool
) -> Summary:
    """Validate the selected records by the current rules and admit those that pass; see the module.

    `admit_late` skips only the rule `late`. `dry_run` counts and changes nothing. Raises
    psycopg's errors and `MappingError`; committed chunks stay, and a repetition does the rest.
    """
    summary = Summary()
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        connection.execute(_STAGE)
        for chunk in _chunks(connection, selection):
            whole = completed(settings.kafka, chunk)
            summary.cut += len(chunk) - len(whole)
            messages = [record for record in whole if record.source_headers is not None]
            answers = dict(zip((each.place for each in messages), mapped(settings, messages), strict=True))
            verdicts = _judge(spark, settings, whole, answers, admit_late=admit_late)
            summary.judged += len(whole)
            _settle(connection, verdicts, answers, summary, dry_run=dry_run)
    return summary


def _judge(
    spark: SparkSession,
    settings: Settings,
    records: Sequence[KeptRecord],
    answers: dict[Place, MappedMessage],
    *,
    admit_late: bool,
) -> list[Verdict]:
    """The verdict on each event: on each record's value, or on the events of its message."""
    rows = [
        {**dict(zip(PLACE, record.place, strict=True)), "kafka_time": record.kafka_time, "value": value}
        for record in records
        for value in _values(record, answers)
    ]
    if not rows:
        return []
    frame = spark.createDataFrame(pa.Table.from_pylist(rows, RECORDS))
    judged = validate(frame, settings.shop.currency_codes(), admit_late=admit_late)
    verdicts: list[Verdict] = judged.select(*PLACE, *EVENT_COLUMNS, "reason", "detail").toArrow().to_pylist()
    return verdicts


def _values(record: KeptRecord, answers: dict[Place, MappedMessage]) -> list[bytes | None]:
    answer = answers.get(record.place)
    return [record.value] if answer is None else [event.encode() for event in answer.events]


def _chunks(connection: psycopg.Connection[Any], selection: Selection) -> Iterator[list[KeptRecord]]:
    """The selected records in chunks, oldest first; limited by `CHUNK` and `CHUNK_BYTES`."""
    limits = {
        "reasons": list(selection.reasons),
        "sources": list(selection.sources),
        "start": selection.start,
        "end": selection.end,
    }
    last: dict[str, Any] = {"kafka_time": selection.start, "topic": "", "partition": -1, "offset": -1}
    while rows := connection.execute(_NEXT, limits | last).fetchall():
        records = [KeptRecord(*row) for row in rows]
        last = {name: getattr(records[-1], name) for name in ("kafka_time", *PLACE)}
        yield records


def _settle(
    connection: psycopg.Connection[Any],
    verdicts: list[Verdict],
    answers: dict[Place, MappedMessage],
    summary: Summary,
    *,
    dry_run: bool,
) -> None:
    """Act on the verdicts of a chunk, in one transaction, and add them to `summary`."""
    accepted = [verdict for verdict in verdicts if verdict["reason"] is None]
    refused = [verdict for verdict in verdicts if verdict["reason"] is not None]
    with connection.transaction():
        if accepted and not dry_run:
            lock_kpis(connection)
        expired = {window for window in set(map(_window, accepted)) if _is_expired(connection, window)}
        kept = [verdict for verdict in accepted if _window(verdict) not in expired]
        new = _count_new(connection, kept) if dry_run else _admit(connection, kept)
        if not dry_run:
            _mark(connection, verdicts, kept, answers)
            _note_reasons(connection, refused, answers)
    summary.refused.update(verdict["reason"] for verdict in refused)
    summary.unmapped.update(answer.reason for answer in answers.values() if answer.reason is not None)
    mapped_now = [answer for answer in answers.values() if answer.reason is None]
    summary.mapped += len(mapped_now)
    summary.without_event += sum(not answer.events for answer in mapped_now)
    summary.admitted += new
    summary.duplicate += len(kept) - new
    summary.expired += len(accepted) - len(kept)
    summary.minutes += len(set(map(_window, kept)))


def _is_expired(connection: psycopg.Connection[Any], window: datetime) -> bool:
    return bool(reconcile.expired_windows(connection, window, window + reconcile.WINDOW))


def _admit(connection: psycopg.Connection[Any], verdicts: list[Verdict]) -> int:
    """Insert the events and recompute their minutes; returns the number of new events."""
    if not verdicts:
        return 0
    _stage(connection, verdicts)
    new = connection.execute(_INSERT).rowcount
    for window in sorted(set(map(_window, verdicts))):
        reconcile.recompute_locked(connection, window, window + reconcile.WINDOW)
    return new


def _mark(
    connection: psycopg.Connection[Any],
    verdicts: list[Verdict],
    kept: list[Verdict],
    answers: dict[Place, MappedMessage],
) -> None:
    """Mark the records of which nothing is left to admit."""
    without_event = {
        place for place, answer in answers.items() if answer.reason is None and not answer.events
    }
    left = Counter(map(_place, verdicts)) - Counter(map(_place, kept))
    done = sorted({_place(verdict) for verdict in kept} - set(left) | without_event)
    with connection.cursor() as cursor:
        cursor.executemany(_MARK, done)


def _note_reasons(
    connection: psycopg.Connection[Any], refused: list[Verdict], answers: dict[Place, MappedMessage]
) -> None:
    """Note the current reason of each message that stays."""
    unmapped = [
        (answer.reason, answer.detail, *place)
        for place, answer in answers.items()
        if answer.reason is not None
    ]
    first = {_place(verdict): verdict for verdict in reversed(refused)}
    broken = [
        (verdict["reason"], verdict["detail"], *place) for place, verdict in first.items() if place in answers
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_STILL_UNMAPPED, unmapped)
        cursor.executemany(_NOW_REFUSED, broken)


def _count_new(connection: psycopg.Connection[Any], verdicts: list[Verdict]) -> int:
    _stage(connection, verdicts)
    row = connection.execute(_COUNT_NEW).fetchone()
    return int(row[0]) if row else 0


def _stage(connection: psycopg.Connection[Any], verdicts: list[Verdict]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for verdict in verdicts:
            copy.write_row([verdict[name] for name in EVENT_COLUMNS])


def _place(verdict: Verdict) -> Place:
    return verdict["topic"], verdict["partition"], verdict["offset"]


def _window(verdict: Verdict) -> datetime:
    """Start of the minute that an accepted event falls into."""
    start: datetime = verdict["event_time"].replace(second=0, microsecond=0)
    return start
