"""Messages that did not map, mapped again after their source was corrected: real rules, real sources, a real database."""

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Producer
from pyspark.sql import SparkSession

from core.clock import to_iso8601
from core.events import RejectReason
from core.kafka import client_config
from core.settings import Environment, KafkaSettings, PostgresSettings, Settings, load_settings
from spark_jobs.rejected.kept_records import complete_messages
from spark_jobs.rejected.replay import Selection, Summary, replay
from stack.host.environment import child_environment
from tests.integration.spark_jobs.test_replay import marked
from tests.truth import Event, check_events, check_kpis

Connection = psycopg.Connection[Any]
MINUTE = timedelta(minutes=1)
TAKEN = datetime(2026, 3, 1, 9, 30, 20, tzinfo=UTC)
ALL = Selection((), TAKEN - MINUTE, TAKEN + MINUTE, ("till", "gone"))
SOURCE = """
title: The shop's till
setup: []
signature: {{scheme: bearer}}
headers: [x-kind]
message: headers."x-kind"
fields:
  orderId: body.number
  userId: {{value: guest}}
  amount: {amount}
  currency: body.currency
  id: body.number
  eventTime: body.at
messages:
  sale:
    - event: order_created
    - event: payment_success
      when: body.paid
ignore: [drawer_opened]
"""


@pytest.fixture
def own(settings: Settings, database: PostgresSettings, tmp_path: Path) -> Settings:
    """Settings with the test's database and its folder of sources, in which the till's amount is looked for elsewhere."""
    intake = settings.intake.model_copy(update={"sources_dir": tmp_path / "sources"})
    changed = load_settings(environment=Environment.TEST).model_copy(
        update={"postgres": database, "intake": intake, "stack": settings.stack}
    )
    write_source(changed, "body.total")
    return changed


def write_source(settings: Settings, amount: str) -> None:
    settings.sources_dir.mkdir(exist_ok=True)
    (settings.sources_dir / "till.yaml").write_text(SOURCE.format(amount=amount), encoding="utf-8")


def sale(number: int, *, ago: timedelta = 10 * timedelta(seconds=1), **changes: Any) -> bytes:
    """A message of the till."""
    fields = {
        "number": f"T{number}",
        "sum": "129.95",
        "currency": "USD",
        "at": to_iso8601(TAKEN - ago),
        "paid": False,
    }
    return json.dumps(fields | changes).encode()


def keep(
    connection: Connection, messages: list[bytes], *, kind: str = "sale", source: str = "till", first: int = 0
) -> None:
    """Messages as the stream keeps those that did not map."""
    sent = json.dumps([{"name": "x-kind", "value": kind}])
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason, detail, payload, source, '
            "unmapped_reason, source_headers) VALUES ('events_raw', 0, %s, %s, 'missing_field', 'nothing', %s, %s, 'no_amount', %s)",
            [(first + index, TAKEN, value, source, sent) for index, value in enumerate(messages)],
        )


def run(spark: SparkSession, own: Settings, selection: Selection = ALL, **how: bool) -> Summary:
    return replay(spark, own, selection, **({"admit_late": False, "dry_run": False} | how))


def stored(connection: Connection) -> list[Event]:
    """The events, as truth's checks take them."""
    names = ("id", "eventTime", "eventType", "orderId", "userId", "amount", "currency", "status")
    rows = connection.execute(
        "SELECT id, event_time, event_type, order_id, user_id, amount, currency, status FROM events_clean"
    ).fetchall()
    return [dict(zip(names, (row[0], to_iso8601(row[1]), *row[2:]), strict=True)) for row in rows]


def waiting(connection: Connection) -> list[tuple[Any, ...]]:
    query = 'SELECT "offset", reason, unmapped_reason, detail FROM ops.events_rejected WHERE replayed_at IS NULL ORDER BY 1'
    return connection.execute(query).fetchall()


def test_messages_wait_until_their_source_is_mended_and_then_enter_once(
    spark: SparkSession, own: Settings, connection: Connection
) -> None:
    keep(connection, [sale(1, paid=True), sale(2)])
    assert run(spark, own) == Summary(judged=2, unmapped=Counter(no_amount=2))
    assert [row[:3] for row in waiting(connection)] == [
        (0, "missing_field", "no_amount"),
        (1, "missing_field", "no_amount"),
    ]
    assert "body.total" in waiting(connection)[0][3], "the reason is the present one"
    write_source(own, "body.sum")
    assert run(spark, own, dry_run=True) == Summary(judged=2, mapped=2, admitted=3, minutes=1)
    assert stored(connection) == []
    assert run(spark, own) == Summary(judged=2, mapped=2, admitted=3, minutes=1)
    kinds = Counter(
        (event["orderId"], event["eventType"], str(event["amount"])) for event in stored(connection)
    )
    assert kinds == {
        ("T1", "order_created", "129.95"): 1,
        ("T1", "payment_success", "129.95"): 1,
        ("T2", "order_created", "129.95"): 1,
    }
    check_kpis(connection, stored(connection))
    assert marked(connection) == [0, 1]
    assert run(spark, own) == Summary(), "a repetition finds nothing to do"


def test_what_still_does_not_map_stays_with_its_new_reason(
    spark: SparkSession, own: Settings, connection: Connection
) -> None:
    write_source(own, "body.sum")
    keep(connection, [sale(1), sale(2, sum="1.299,00"), b'{"at": "x\\ud83d\\u0000"}', sale(3)])
    keep(connection, [sale(4)], kind="refund\0", first=4)
    keep(connection, [sale(5)], source="gone", first=5)
    keep(connection, [b"{}"], kind="drawer_opened", first=6)
    summary = run(spark, own)
    assert (summary.judged, summary.mapped, summary.admitted, summary.without_event) == (7, 3, 2, 1)
    assert summary.unmapped == {
        "bad_amount": 1,
        "bad_eventTime": 1,
        "unknown_message": 1,
        "no_such_source": 1,
    }
    assert [(row[0], row[2]) for row in waiting(connection)] == [
        (1, "bad_amount"),
        (2, "bad_eventTime"),
        (4, "unknown_message"),
        (5, "no_such_source"),
    ]
    assert marked(connection) == [0, 3, 6]


def test_an_event_that_breaks_the_contract_keeps_its_message_waiting(
    spark: SparkSession, own: Settings, connection: Connection
) -> None:
    """It is late, or of a currency that is not accepted; an event of the same message that fits is admitted once."""
    write_source(own, "body.sum")
    keep(connection, [sale(1, ago=9 * MINUTE), sale(2, currency="JPY"), sale(3)])
    summary = run(spark, own)
    assert (summary.mapped, summary.admitted, summary.refused) == (3, 1, {"late": 1, "not_allowed": 1})
    assert [row[:3] for row in waiting(connection)] == [(0, "late", None), (1, "not_allowed", None)]
    assert "JPY" in waiting(connection)[1][3]
    assert run(spark, own, admit_late=True).admitted == 1
    assert marked(connection) == [0, 2]
    assert run(spark, own).refused == {"not_allowed": 1}
    check_kpis(connection, stored(connection))


def test_an_unusable_source_changes_nothing_but_the_reason(
    spark: SparkSession, own: Settings, connection: Connection
) -> None:
    (own.sources_dir / "till.yaml").write_text("title: [", encoding="utf-8")
    keep(connection, [sale(1)])
    assert run(spark, own) == Summary(judged=1, unmapped=Counter(source_unusable=1))
    write_source(own, "body.sum")
    assert run(spark, own).admitted == 1


def test_events_of_a_source_are_no_messages(
    spark: SparkSession, own: Settings, connection: Connection
) -> None:
    """A mapped event that was rejected has a source too; it is validated as it is, and only by its reason."""
    keep(connection, [sale(1)])
    connection.execute("UPDATE ops.events_rejected SET source_headers = NULL, unmapped_reason = NULL")
    assert run(spark, own) == Summary()


def test_the_reason_of_the_rejection_selects_messages_too(
    spark: SparkSession, own: Settings, connection: Connection
) -> None:
    write_source(own, "body.sum")
    keep(connection, [sale(1)])
    chosen = Selection((RejectReason.MISSING_FIELD,), ALL.start, ALL.end)
    assert run(spark, own, chosen).admitted == 1


@pytest.mark.slow
def test_killed_half_way_and_started_twice_it_admits_each_event_once(
    own: Settings, connection: Connection
) -> None:
    """A kill -9 after the first of five transactions; then two runs at the same time."""
    write_source(own, "body.sum")
    count = 2_400
    keep(connection, [sale(number, ago=timedelta(seconds=number % 200)) for number in range(count)])
    environment = child_environment(own)
    command = [sys.executable, "-m", "spark_jobs.backfill", "rejected", "--source", "till"]
    command += ["--from", "2026-03-01T09:00", "--to", "2026-03-01T10:00"]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def done() -> int:
        row = connection.execute("SELECT count(replayed_at) FROM ops.events_rejected").fetchone()
        return int(row[0]) if row else 0

    with start() as first:
        deadline = time.monotonic() + 240
        while done() == 0:
            assert time.monotonic() < deadline, "nothing was admitted"
            assert first.poll() is None, "it ended"
            time.sleep(0.02)
        first.kill()
        first.wait()
    assert 0 < done() < count
    assert len(stored(connection)) == done(), "marks and events are one transaction"
    runs = [start(), start()]
    for each in runs:
        output, _ = each.communicate(timeout=400)
        assert each.returncode == 0, output
    assert (len(stored(connection)), done()) == (count, count)
    check_events(connection, stored(connection))
    check_kpis(connection, stored(connection))


def test_a_large_message_is_kept_whole_and_maps_when_kafka_no_longer_has_it(
    spark: SparkSession, own: Settings, connection: Connection, broker: KafkaSettings, topic: str
) -> None:
    """At the second's place the topic has another record; the third is an event and not a message."""
    kafka = broker.model_copy(update={"topic": topic})
    messages = [sale(number, note="x" * 10_000) for number in range(3)]
    producer = Producer(client_config(kafka))
    for value in (messages[0], b"another", messages[2]):
        producer.produce(topic, value, partition=0)
    assert producer.flush(30) == 0
    keep(connection, messages)
    connection.execute(
        "UPDATE ops.events_rejected SET topic = %s, payload = substring(payload FROM 1 FOR 4096), "
        "payload_bytes = octet_length(payload), payload_sha256 = encode(sha256(payload), 'hex')",
        (topic,),
    )
    connection.execute('UPDATE ops.events_rejected SET source_headers = NULL WHERE "offset" = 2')
    own = own.model_copy(update={"kafka": kafka})
    assert (complete_messages(own), complete_messages(own)) == (1, 0)
    kept = connection.execute(
        'SELECT payload, payload_bytes FROM ops.events_rejected ORDER BY "offset"'
    ).fetchall()
    beginnings = [(message[:4096], len(message)) for message in messages]
    assert kept == [(messages[0], None), *beginnings[1:]]

    write_source(own, "body.sum")
    gone = own.model_copy(update={"kafka": kafka.model_copy(update={"topic": "gone"})})
    assert run(spark, gone) == Summary(judged=1, mapped=1, admitted=1, minutes=1, cut=1)
