"""Rejected records validated again, with the real rules in Spark and a real database."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

import orjson
import psycopg
import pytest
from confluent_kafka import Producer
from pyspark.sql import SparkSession

from core.errors import DatabaseError
from core.events import STORED_PAYLOAD_BYTES, RejectReason
from core.kafka import client_config
from core.settings import Environment, KafkaSettings, PostgresSettings, Settings, load_settings
from database import reconcile
from database.retention import advance_mark
from spark_jobs.rejected.replay import CHUNK, CHUNK_BYTES, Selection, Summary, _chunks, replay
from stack.host.environment import child_environment
from tests.streaming import make_event
from tests.truth import OPTIONAL, Event, check_events, check_kpis, optional_of

Connection = psycopg.Connection[Any]
MINUTE = timedelta(minutes=1)
TAKEN = datetime(2026, 3, 1, 9, 30, 20, tzinfo=UTC)
"""When Kafka took the records of these tests."""

ALL = Selection((RejectReason.LATE, RejectReason.NOT_ALLOWED), TAKEN - MINUTE, TAKEN + MINUTE)


@pytest.fixture
def random() -> Random:
    return Random(20260301)


def late_event(random: Random, minutes: int = 10) -> Event:
    return make_event(random, now=TAKEN - minutes * MINUTE)


def reject(
    connection: Connection, values: list[bytes | None], reason: str, first: int = 0, taken: datetime = TAKEN
) -> None:
    """Records that were rejected, at the offsets from `first` on."""
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason, payload) '
            "VALUES ('events_raw', 0, %s, %s, %s, %s)",
            [(first + index, taken, reason, value) for index, value in enumerate(values)],
        )


def reject_events(connection: Connection, events: list[Event], reason: str, first: int = 0) -> None:
    reject(connection, [orjson.dumps(event) for event in events], reason, first)


def run(
    spark: SparkSession,
    database: PostgresSettings,
    selection: Selection = ALL,
    kafka: KafkaSettings | None = None,
    **how: bool,
) -> Summary:
    known = load_settings(environment=Environment.TEST)
    settings = known.model_copy(update={"postgres": database, "kafka": kafka or known.kafka})
    return replay(spark, settings, selection, **({"admit_late": False, "dry_run": False} | how))


def marked(connection: Connection) -> list[int]:
    """Offsets of the records that are marked as replayed."""
    query = 'SELECT "offset" FROM ops.events_rejected WHERE replayed_at IS NOT NULL ORDER BY 1'
    return [row[0] for row in connection.execute(query)]


def test_late_records_are_admitted_on_purpose_and_their_minutes_recomputed(
    spark: SparkSession, database: PostgresSettings, connection: Connection, random: Random
) -> None:
    events = [late_event(random, minutes) for minutes in (7, 7, 30, 61)]
    reject_events(connection, events, "late")
    assert run(spark, database) == Summary(judged=4, refused=Counter(late=4))
    assert marked(connection) == [], "late is late, unless it is admitted on purpose"
    assert run(spark, database, admit_late=True) == Summary(judged=4, admitted=4, minutes=3)
    check_events(connection, events)
    check_kpis(connection, events)
    assert marked(connection) == [0, 1, 2, 3]
    assert run(spark, database, admit_late=True) == Summary(), "a repetition finds nothing to do"


def test_a_dry_run_counts_the_same_and_changes_nothing(
    spark: SparkSession, database: PostgresSettings, connection: Connection, random: Random
) -> None:
    events = [late_event(random) for _ in range(3)]
    reject_events(connection, [*events, events[0]], "late")
    counted = run(spark, database, admit_late=True, dry_run=True)
    assert counted == Summary(judged=4, admitted=3, duplicate=1, minutes=1)
    assert marked(connection) == []
    check_events(connection, [])
    assert run(spark, database, admit_late=True) == counted


def test_admitting_late_records_leaves_every_other_rule_in_force(
    spark: SparkSession, database: PostgresSettings, connection: Connection, random: Random
) -> None:
    negative = late_event(random) | {"amount": -1}
    ahead = make_event(random, now=TAKEN + 2 * MINUTE)
    good = late_event(random)
    reject_events(connection, [negative, ahead, good], "late")
    reject(connection, [b"{", None], "late", first=3)
    summary = run(spark, database, admit_late=True)
    assert summary.admitted == 1
    assert summary.refused == {"amount_negative": 1, "future": 1, "not_json": 2}
    check_events(connection, [good])
    assert marked(connection) == [2]


def test_after_a_change_of_the_rules_only_what_they_accept_now_is_admitted(
    spark: SparkSession, database: PostgresSettings, connection: Connection, random: Random
) -> None:
    """The first record stands for one of a currency that is allowed by now."""
    allowed_by_now = make_event(random, now=TAKEN)
    still_unknown = make_event(random, now=TAKEN) | {"currency": "XXX"}
    reject_events(connection, [allowed_by_now, still_unknown], "not_allowed")
    assert run(spark, database) == Summary(judged=2, admitted=1, minutes=1, refused=Counter(not_allowed=1))
    check_events(connection, [allowed_by_now])
    check_kpis(connection, [allowed_by_now])


def test_only_the_selected_records_are_validated(
    spark: SparkSession, database: PostgresSettings, connection: Connection, random: Random
) -> None:
    chosen, of_another_reason, of_another_time = (make_event(random, now=TAKEN) for _ in range(3))
    reject_events(connection, [chosen], "not_allowed")
    reject_events(connection, [of_another_reason], "bad_length", first=1)
    reject(connection, [orjson.dumps(of_another_time)], "not_allowed", 2, ALL.end)
    assert run(spark, database).judged == 1
    check_events(connection, [chosen])


def test_more_records_than_a_chunk_holds_are_all_accounted_for(
    spark: SparkSession, database: PostgresSettings, connection: Connection, random: Random
) -> None:
    events = [late_event(random, minutes=10 + index % 20) for index in range(CHUNK + 7)]
    reject_events(connection, events, "late")
    summary = run(spark, database, admit_late=True)
    assert (summary.judged, summary.admitted) == (CHUNK + 7, CHUNK + 7)
    check_events(connection, events)
    check_kpis(connection, events)


def test_a_chunk_of_large_records_is_limited_by_their_bytes(connection: Connection) -> None:
    """It ends with the record that reaches the limit."""
    reject(connection, [b"x"] * 5, "late")
    sizes = (CHUNK_BYTES - 1, 2, 1, CHUNK_BYTES, 1)
    for offset, size in enumerate(sizes):
        connection.execute(
            'UPDATE ops.events_rejected SET payload_bytes = %s WHERE "offset" = %s', (size, offset)
        )
    chunks = [[record.offset for record in chunk] for chunk in _chunks(connection, ALL)]
    assert chunks == [[0, 1], [2, 3], [4]]


def test_a_large_record_of_which_the_beginning_was_kept_is_read_from_kafka_again(
    spark: SparkSession,
    database: PostgresSettings,
    connection: Connection,
    broker: KafkaSettings,
    topic: str,
    random: Random,
) -> None:
    """The first is there as it was; at the second's place lies another record; the third was never in this topic."""
    kafka = broker.model_copy(update={"topic": topic})
    events = [late_event(random) for _ in range(3)]
    values = [orjson.dumps(event | {"note": "x" * 600_000}) for event in events]
    producer = Producer(client_config(kafka))
    for value in (values[0], b"another", b"x"):
        producer.produce(topic, value, partition=0)
    assert producer.flush(30) == 0
    keep_beginning(connection, values, topic)
    connection.execute(
        'UPDATE ops.events_rejected SET topic = %s WHERE "offset" = 2', (f"{topic}@2026-03-01T00:00:00.000Z",)
    )
    assert run(spark, database, kafka=kafka, admit_late=True) == Summary(
        judged=1, admitted=1, minutes=1, cut=2
    )
    check_events(connection, events[:1])
    assert marked(connection) == [0]


def keep_beginning(connection: Connection, values: list[bytes], topic: str) -> None:
    """Records as the stream keeps large ones."""
    reject(connection, [value[:STORED_PAYLOAD_BYTES] for value in values], "late")
    for offset, value in enumerate(values):
        connection.execute(
            "UPDATE ops.events_rejected SET topic = %s, payload_bytes = %s, payload_sha256 = %s "
            'WHERE "offset" = %s',
            (topic, len(value), sha256(value).hexdigest(), offset),
        )


def test_a_chunk_that_fails_leaves_nothing_half_done(
    spark: SparkSession, database: PostgresSettings, connection: Connection, random: Random
) -> None:
    reject_events(connection, [late_event(random)], "late")
    connection.execute("ALTER TABLE kpi_1m_by_currency ADD CONSTRAINT broken CHECK (false)")
    with pytest.raises(psycopg.errors.CheckViolation):
        run(spark, database, admit_late=True)
    assert marked(connection) == []
    check_events(connection, [])


def test_a_minute_whose_events_were_deleted_by_age_keeps_its_kpis(
    spark: SparkSession, database: PostgresSettings, connection: Connection, random: Random
) -> None:
    """Its row counts events that are gone; another minute before the mark is whole and is recomputed."""
    gone, into_gone, into_whole = late_event(random, 10), late_event(random, 10), late_event(random, 20)
    insert(connection, gone)
    gone_window = reconcile_window(gone)
    reconcile.recompute(connection, gone_window, gone_window + MINUTE)
    advance_mark(connection, TAKEN)
    connection.execute("DELETE FROM events_clean")
    before = kpis_at(connection, gone_window)
    reject_events(connection, [into_gone, into_whole], "late")
    assert run(spark, database, admit_late=True) == Summary(judged=2, admitted=1, expired=1, minutes=1)
    assert kpis_at(connection, gone_window) == before
    check_events(connection, [into_whole])
    assert marked(connection) == [1]


def test_a_range_with_minutes_that_lost_their_events_is_not_recomputed(
    connection: Connection, random: Random
) -> None:
    gone, kept = late_event(random, 61), late_event(random, 10)
    for event in (gone, kept):
        insert(connection, event)
        reconcile.recompute(connection, reconcile_window(event), reconcile_window(event) + MINUTE)
    advance_mark(connection, TAKEN - 30 * MINUTE)
    connection.execute("DELETE FROM events_clean WHERE id = %s", (gone["id"],))
    first, last = reconcile_window(gone), reconcile_window(kept) + MINUTE
    before = kpis_at(connection, first)
    with pytest.raises(DatabaseError, match="The events of 1 minutes from 2026-03-01T08:29:00"):
        reconcile.recompute(connection, first, last)
    assert kpis_at(connection, first) == before != []
    assert reconcile.recompute(connection, first + MINUTE, last) == 1


def test_a_minute_that_is_whole_is_recomputed_before_the_mark_too(
    connection: Connection, random: Random
) -> None:
    event = late_event(random)
    insert(connection, event)
    window = reconcile_window(event)
    reconcile.recompute(connection, window, window + MINUTE)
    advance_mark(connection, TAKEN)
    assert reconcile.recompute(connection, window, window + MINUTE) == 1
    check_kpis(connection, [event])


def test_the_mark_never_goes_back(connection: Connection) -> None:
    advance_mark(connection, TAKEN)
    advance_mark(connection, TAKEN - MINUTE)
    assert connection.execute("SELECT deleted_before FROM ops.retention").fetchall() == [(TAKEN,)]


def test_a_reason_that_does_not_exist_is_refused_with_those_that_do(settings: Settings) -> None:
    arguments = [
        "rejected",
        "--reason",
        "tardy",
        "--from",
        "2026-03-01T09:00:00",
        "--to",
        "2026-03-01T10:00:00",
    ]
    answer = subprocess.run(
        [sys.executable, "-m", "spark_jobs.backfill", *arguments],
        env=os.environ | child_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("tardy: no such reason. The reasons are too_large, not_utf8,")
    assert "Traceback" not in answer.stderr


def insert(connection: Connection, event: Event) -> None:
    columns = ["id", "event_time", "event_type", "order_id", "user_id", "amount", "currency", "status"]
    optional = [optional_of(event, name) for name in OPTIONAL]
    connection.execute(
        f"INSERT INTO events_clean ({', '.join([*columns, *OPTIONAL.values()])}) "  # columns of the contract
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *list(event.values())[:5],
            Decimal(str(event["amount"])),
            event["currency"],
            event["status"],
            *optional,
        ),
    )


def reconcile_window(event: Event) -> datetime:
    return datetime.fromisoformat(event["eventTime"]).replace(second=0, microsecond=0)


def kpis_at(connection: Connection, window: datetime) -> list[Any]:
    return connection.execute(
        "SELECT * FROM kpi_1m_by_currency JOIN kpi_1m USING (window_start) WHERE window_start = %s", (window,)
    ).fetchall()
