"""The life of one streaming job, as a process, with a real broker and database.

The tests go through it in order and share the job, because its start takes long; after each
of them the tables must be what Python works out from all that was sent.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

import orjson
import pytest

from core import kafka
from core.clock import to_iso8601
from core.events import LATENESS_LIMIT, STORED_PAYLOAD_BYTES
from core.settings import KafkaSettings, PostgresSettings, Settings
from core.topic_facts import times_at
from core.topics import EVENTS_RAW
from database import migrate
from generator.invalid import MUTATORS
from orchestration.defs.quality import accounting
from spark_jobs.queries import EVENTS_CLEAN_QUERY, KPI_1M_QUERY
from spark_jobs.start import MEASURES_NOTE
from stack.host.environment import child_environment
from stack.servers.postgres import server
from tests import truth
from tests.corpus import RECORDS
from tests.streaming import Headers, Sent, Stream, make_event
from tests.topics import delete_records, raise_partitions, replace_topic
from tests.truth import Connection, Event, Ledger

pytestmark = pytest.mark.timeout(600)

NAME = "test_spark_stream"
MINUTE = timedelta(minutes=1)
QUERIES = (EVENTS_CLEAN_QUERY, KPI_1M_QUERY)


@pytest.fixture(scope="module")
def random() -> Random:
    return Random(20260301)


@pytest.fixture(scope="module")
def stream(
    settings: Settings,
    broker: KafkaSettings,
    postgres_server: PostgresSettings,
    tmp_path_factory: pytest.TempPathFactory,
    random: Random,
) -> Iterator[Stream]:
    """A running job whose topic already held a backlog, with duplicates in it, when it started."""
    folder = tmp_path_factory.mktemp("stream")
    stream = settings.stream.model_copy(update={"checkpoint_dir": folder / "of a shop dự án" / "checkpoints"})
    own = settings.model_copy(
        update={
            "kafka": broker.model_copy(update={"topic": NAME}),
            "postgres": postgres_server.model_copy(update={"database": NAME}),
            "stream": stream,
        }
    )
    kafka.create_topic(own.kafka, EVENTS_RAW, NAME)
    server.ensure_database(own)
    migrate(own.postgres)
    running = Stream(own, folder)
    backlog = [make_event(random, age=4 * MINUTE * random.random()) for _ in range(300)]
    running.send_events(backlog + random.sample(backlog, 40))
    with running.job:
        yield running


@pytest.fixture
def connection(stream: Stream) -> Iterator[Connection]:
    with stream.connect() as opened:
        yield opened


def check_all(stream: Stream, connection: Connection) -> None:
    """Both queries are at the end of the topic and everything is where it belongs."""
    stream.wait_consumed()
    truth.check_ledger(connection, len(stream.records))
    truth.check_events(connection, stream.events.values())
    truth.check_kpis(connection, stream.events.values())


def on_time(stream: Stream) -> list[Event]:
    """Events that may be sent again: an older one would by then be late, which is no duplicate."""
    oldest = to_iso8601(datetime.now(UTC) - LATENESS_LIMIT + MINUTE)
    return [event for event in stream.events.values() if event["eventTime"] > oldest]


def count_duplicates(connection: Connection) -> set[int]:
    return {truth.ledger(connection, name).duplicate for name in QUERIES}


def test_a_backlog_with_duplicates_in_one_batch(stream: Stream, connection: Connection) -> None:
    check_all(stream, connection)
    first = connection.execute(
        "SELECT records_read, records_written, records_duplicate FROM ops.stream_batch WHERE batch_id = 0"
    ).fetchall()
    assert first == [(340, 300, 40)] * 2


def test_duplicates_across_batches(stream: Stream, connection: Connection, random: Random) -> None:
    stream.send_events(random.sample(on_time(stream), 20))
    check_all(stream, connection)
    assert count_duplicates(connection) == {60}


def test_another_event_under_an_id_that_is_taken_is_counted_as_such(
    stream: Stream, connection: Connection, random: Random
) -> None:
    """As from a producer that numbers its events by their orders; an exact repetition is none."""
    first, *others = (make_event(random) for _ in range(4))
    stream.send_events([first, first])
    stream.wait_consumed()
    stream.send([orjson.dumps(event | {"id": first["id"]}) for event in others])
    check_all(stream, connection)
    differing = "SELECT sum(records_differing)::int FROM ops.stream_batch WHERE query_name = 'events_clean'"
    assert stream.value(differing) == 3
    assert count_duplicates(connection) == {64}


def test_every_kind_of_invalid_record_is_kept_with_its_reason_and_bytes(
    stream: Stream, connection: Connection, random: Random
) -> None:
    now = datetime.now(UTC)
    wanted = [(record.payload(now), record.reason) for record in RECORDS if record.reason is not None]
    wanted += [(mutator.mutate(make_event(random), now), mutator.reason) for mutator in MUTATORS]
    sent = [(stream.send([payload], partition=0)[0], reason) for payload, reason in wanted]
    stream.send_events([make_event(random)])
    check_all(stream, connection)
    found = {
        (partition, offset): (payload, reason)
        for partition, offset, payload, reason in connection.execute(
            'SELECT partition, "offset", payload, reason FROM ops.events_rejected WHERE topic = %s', (NAME,)
        )
    }
    assert found == {
        (place.partition, place.offset): (place.value and place.value[:STORED_PAYLOAD_BYTES], reason)
        for place, reason in sent
    }


def test_late_and_future_are_measured_from_the_time_at_which_kafka_took_it(
    stream: Stream, connection: Connection, random: Random
) -> None:
    second = timedelta(seconds=1)
    before = truth.ledger(connection, EVENTS_CLEAN_QUERY).rejected
    stream.send_events(
        [make_event(random, age=5 * MINUTE - 20 * second), make_event(random, age=-40 * second)]
    )
    too_far = [make_event(random, age=5 * MINUTE + second), make_event(random, age=-(MINUTE + 20 * second))]
    stream.send([orjson.dumps(event) for event in too_far])
    check_all(stream, connection)
    assert truth.ledger(connection, EVENTS_CLEAN_QUERY).rejected == before + 2
    newest = connection.execute(
        "SELECT reason, detail FROM ops.events_rejected ORDER BY kafka_time DESC LIMIT 2"
    ).fetchall()
    assert set(newest) == {
        (reason, f"eventTime: {event['eventTime']}")
        for reason, event in zip(("late", "future"), too_far, strict=True)
    }


ODD_HEADERS: list[Headers] = [
    [("orderpulse-source", b"../x"), ("orderpulse-reason", b"no_amount")],
    [("orderpulse-source", b"\xff\xfe"), ("orderpulse-reason", b"\x00")],
    [("orderpulse-source", b"till"), ("orderpulse-reason", b"two words")],
    [
        ("orderpulse-source", b"till"),
        ("orderpulse-reason", b"no_amount"),
        ("orderpulse-detail", b"\xff\x00 bad"),
    ]
    + [("orderpulse-header-x", b"\xff\x00"), ("orderpulse-header-x", b"y" * 5_000)]
    + [("orderpulse-header-UPPER", b"z"), ("other", b"")]
    + [(f"orderpulse-header-{number}", b"1") for number in range(40)],
]


def test_a_message_that_did_not_map_is_kept_with_its_source_and_headers(
    stream: Stream, connection: Connection
) -> None:
    """As intake sends it; odd headers, which anybody may set, do not stop the stream."""
    message = b'{"number": "T1"}'
    told: Headers = [
        ("orderpulse-source", b"till"),
        ("orderpulse-reason", b"no_amount"),
        ("orderpulse-detail", b"amount: nothing"),
    ]
    (sent,) = stream.send([message], 0, headers=[*told, ("orderpulse-header-x-kind", "Bán".encode())])
    (event,) = stream.send([b'{"orderId": 7}'], 0, headers=told[:1])
    odd = [stream.send([message], 0, headers=headers)[0] for headers in ODD_HEADERS]
    check_all(stream, connection)

    def row(place: Sent) -> tuple[Any, ...]:
        found = connection.execute(
            "SELECT reason, detail, source, unmapped_reason, source_headers, payload FROM ops.events_rejected "
            'WHERE partition = 0 AND "offset" = %s',
            (place.offset,),
        ).fetchone()
        assert found is not None
        return tuple(found)

    sent_headers = '[{"name":"x-kind","value":"Bán"}]'
    assert row(sent) == ("missing_field", "amount: nothing", "till", "no_amount", sent_headers, message)
    assert row(event)[2:] == ("till", None, None, b'{"orderId": 7}')
    first, second, third, last = (row(each) for each in odd)
    assert first[2:5] == second[2:5] == (None, None, None)
    assert third[2:5] == ("till", None, None)
    assert last[1:4] == ("\ufffd\ufffd bad", "till", "no_amount")
    kept = orjson.loads(last[4])
    assert kept[0] == {"name": "x", "value": "\ufffd\0"}
    assert [each["name"] for each in kept[1:]] == [str(number) for number in range(19)]


def test_an_event_in_2099_moved_no_watermark(stream: Stream, connection: Connection, random: Random) -> None:
    """The corpus held some; an event at the edge of lateness is still taken after them."""
    assert stream.value("SELECT count(*) FROM ops.events_rejected WHERE reason = 'future'") > 1
    stream.send_events([make_event(random, age=4.5 * MINUTE)])
    check_all(stream, connection)
    assert truth.ledger(connection, KPI_1M_QUERY).dropped == 0


def test_large_records_are_rejected_and_only_their_beginning_is_kept(
    stream: Stream, connection: Connection, random: Random
) -> None:
    """A few kB each on the wire, and one alone of 200 MB."""
    filler = b"x" * 900_000
    large, one = stream.send([filler] * 90), stream.send([b"x" * 200_000_000], partition=0)
    valid = make_event(random) | {"note": "x" * 1_000_000}
    stream.send_events([valid | {"id": f"large-{index}"} for index in range(30)])
    check_all(stream, connection)
    kept = connection.execute(
        "SELECT reason, payload_bytes, payload_sha256, payload, count(*) FROM ops.events_rejected "
        "WHERE payload_bytes IN (900000, 200000000) GROUP BY 1, 2, 3, 4 ORDER BY 2"
    ).fetchall()
    assert kept == [
        ("not_json", 900_000, sha256(filler).hexdigest(), b"x" * STORED_PAYLOAD_BYTES, len(large)),
        ("too_large", 200_000_000, sha256(one[0].value or b"").hexdigest(), b"x" * STORED_PAYLOAD_BYTES, 1),
    ]
    assert stream.logged("stream.started") == 1, "the same job all along"


def test_a_minute_of_the_largest_amounts_overflows_nothing(
    stream: Stream, connection: Connection, random: Random
) -> None:
    largest = {"eventType": "payment_success", "currency": "USD", "amount": 9999999999999.99}
    now = datetime.now(UTC)
    stream.send_events([make_event(random, now=now) | largest for _ in range(1100)])
    check_all(stream, connection)
    assert stream.value("SELECT max(revenue) FROM kpi_1m") > 10**16


def test_what_a_transaction_took_back_is_no_revenue_and_its_marks_are_no_loss(
    stream: Stream, connection: Connection, random: Random
) -> None:
    before = truth.ledger(connection, EVENTS_CLEAN_QUERY).read
    with stream.transaction() as producer:
        aborted = [make_event(random) for _ in range(40)]
        for partition, event in enumerate(aborted):
            producer.produce(NAME, orjson.dumps(event), partition=partition % 3)
        assert producer.flush(30) == 0
        producer.abort_transaction(30)
    with stream.transaction() as producer:
        committed = {event["id"]: event for event in (make_event(random) for _ in range(20))}
        for event in committed.values():
            producer.produce(NAME, orjson.dumps(event), partition=0)
        producer.commit_transaction(30)
    stream.events |= committed
    stream.records += [Sent(0, 0, None)] * len(committed)
    check_all(stream, connection)
    assert truth.ledger(connection, EVENTS_CLEAN_QUERY).read == before + 20
    for query in QUERIES:
        ledger = accounting.read_ledger(connection, query, datetime.now(UTC) - timedelta(hours=1))
        assert ledger.faults == ()
        assert ledger.without_record >= 40
    ends = kafka.end_offsets(stream.settings.kafka, NAME)
    marks = {0: ends[0] - 1}
    assert times_at(stream.settings.kafka, marks) == {}, "only the mark of a commit lies there"


def test_an_idle_topic_costs_no_batch_and_the_heart_beats_on(stream: Stream) -> None:
    beat = "SELECT extract(epoch FROM beat_at)::float8 FROM ops.heartbeat WHERE name = 'spark_stream'"
    batches = "SELECT count(*) FROM ops.stream_batch"
    before, first = stream.value(batches), stream.value(beat)
    stream.wait(lambda: stream.value(beat) > first + 3)
    assert stream.value(batches) == before
    progress = stream.value("SELECT progress FROM ops.heartbeat WHERE name = 'spark_stream'")
    assert {name: told["lag_records"] for name, told in progress["queries"].items()} == dict.fromkeys(
        QUERIES, 0
    )
    assert all(told["active"] for told in progress["queries"].values())


def test_a_query_that_dies_stops_the_other_and_reports_why(
    stream: Stream, connection: Connection, random: Random
) -> None:
    connection.execute("ALTER TABLE kpi_1m ADD CONSTRAINT refused CHECK (false) NOT VALID")
    stream.send_events([make_event(random)])
    assert stream.wait_exit() == 1
    connection.execute("ALTER TABLE kpi_1m DROP CONSTRAINT refused")
    failure = [line for line in stream.job.log.read_text().splitlines() if "stream.failed" in line][-1]
    assert "query kpi_1m" in failure
    assert "could not be written" in failure
    assert "violates check constraint" in failure
    assert "Traceback" not in failure


def test_duplicates_across_a_restart(stream: Stream, connection: Connection, random: Random) -> None:
    duplicates = random.sample(on_time(stream), 30)
    stream.send_events([*duplicates, *(make_event(random) for _ in range(50))])
    stream.job.start()
    check_all(stream, connection)
    assert count_duplicates(connection) == {94}


def test_a_batch_that_the_database_has_and_the_checkpoint_has_not_is_not_counted_twice(
    stream: Stream, connection: Connection, random: Random
) -> None:
    """As after a kill between the two commits: the newest batch of each query is repeated."""
    stream.send_events([make_event(random) for _ in range(20)])
    check_all(stream, connection)
    newest = {name: newest_commit(stream, name) for name in QUERIES}
    stream.kill()
    for name, batch in newest.items():
        commits = stream.settings.checkpoint_dir / name / "commits"
        (commits / str(batch)).unlink()
        (commits / f".{batch}.crc").unlink(missing_ok=True)
    stream.send_events([make_event(random) for _ in range(10)])
    stream.job.start()
    check_all(stream, connection)
    assert stream.logged("batch.replayed") == 2


def newest_commit(stream: Stream, query: str) -> int:
    """Number of the newest batch that the checkpoint knows as done, once it is the ledger's newest."""
    batches = f"SELECT max(batch_id) FROM ops.stream_batch WHERE query_name = '{query}'"
    commits = stream.settings.checkpoint_dir / query / "commits"

    def newest() -> int:
        return max(int(path.name) for path in commits.iterdir() if path.name.isdigit())

    stream.wait(lambda: newest() == stream.value(batches))
    return newest()


def test_sigterm_ends_the_batches_under_way_and_exits_0(
    stream: Stream, connection: Connection, random: Random
) -> None:
    stream.send_events([make_event(random) for _ in range(5000)])
    assert stream.job.stop() == 0
    assert stream.logged("stream.stopped") == 1
    truth.check_tables_agree(connection)


def test_after_it_the_rest_is_read_and_nothing_twice(stream: Stream, connection: Connection) -> None:
    stream.job.start()
    check_all(stream, connection)
    assert count_duplicates(connection) == {94}
    assert stream.job.stop() == 0


def test_a_new_checkpoint_in_the_middle_of_a_window_replaces_no_right_kpi(
    stream: Stream, connection: Connection, random: Random
) -> None:
    """Kafka has forgotten the first records; the job starts with the others."""
    shutil.rmtree(stream.settings.checkpoint_dir)
    forgotten = dict.fromkeys(range(EVENTS_RAW.partitions), 50)
    delete_records(stream.settings.kafka, forgotten)
    stream.job.start()
    stream.wait(lambda: stream.value("SELECT count(DISTINCT query_id) FROM ops.stream_batch") == 4)
    stream.wait_consumed()
    truth.check_events(connection, stream.events.values())
    truth.check_kpis(connection, stream.events.values())
    again = connection.execute(
        """SELECT sum(records_read)::int, sum(records_written)::int, sum(records_duplicate)::int,
            sum(records_rejected)::int, sum(records_dropped_by_watermark)::int
        FROM ops.stream_batch WHERE query_name = 'events_clean'
        GROUP BY query_id ORDER BY min(committed_at) DESC LIMIT 1"""
    ).fetchone()
    assert again is not None
    kept = len(stream.records) - 150
    assert Ledger(*again) == Ledger(read=kept, written=0, duplicate=kept, rejected=0, dropped=0)


def test_partitions_that_are_raised_while_it_runs_are_read_from_their_beginning(
    stream: Stream, connection: Connection, random: Random
) -> None:
    raise_partitions(stream.settings.kafka, 5)
    stream.new_producer()
    stream.send_events([make_event(random) for _ in range(6)], partition=4)
    stream.send_events([make_event(random)], partition=0)
    stream.wait_consumed()
    check_what_is_there(stream, connection)


def test_what_retention_deleted_while_it_was_off_is_reported_and_passed_over(
    stream: Stream, connection: Connection, random: Random
) -> None:
    """Down on Friday with a tail of six unread records, up on Monday: Spark would end at each start.

    A minute that `kpi_1m` had not read either comes from `events_clean`, and so do those that the new checkpoint shares
    with the former one.
    """
    assert stream.job.stop() == 0
    ends = kafka.end_offsets(stream.settings.kafka, NAME)
    stream.send([orjson.dumps(make_event(random)) for _ in range(6)], partition=1)
    delete_records(stream.settings.kafka, kafka.end_offsets(stream.settings.kafka, NAME))
    connection.execute(
        "DELETE FROM kpi_1m_detail WHERE window_start = (SELECT max(window_start) FROM kpi_1m_detail)"
    )
    stream.job.start()
    stream.wait_logged("stream.started", stream.logged("stream.started") + 1)
    assert lost(connection) == [(name, 1, ends[1], ends[1] + 6, "deleted") for name in QUERIES]
    assert truth.all_differing_windows(connection) == []
    stream.send_events(of_the_last_minutes(random))
    stream.wait_consumed()
    check_what_is_there(stream, connection)
    assert stream.logged("records.lost") == 2, "once for each query"


def test_a_topic_that_is_created_again_while_it_runs_is_read_from_its_first_record(
    stream: Stream, connection: Connection, random: Random
) -> None:
    """All that is sent to the new one has offsets below those that were read of the former."""
    ends = kafka.end_offsets(stream.settings.kafka, NAME)
    seen = "SELECT progress -> 'topic' -> 'ends' FROM ops.heartbeat WHERE name = 'spark_stream'"
    stream.wait(lambda: stream.value(seen) == {str(partition): end for partition, end in ends.items()})
    replace_topic(stream.settings.kafka)
    stream.new_producer()
    stream.send_events(of_the_last_minutes(random))
    assert stream.wait_exit() == 1
    stream.job.start()
    stream.wait_consumed()
    check_what_is_there(stream, connection)
    known = [
        (name, partition, end, end, "topic_replaced") for name in QUERIES for partition, end in ends.items()
    ]
    replaced = [row for row in lost(connection) if row[-1] == "topic_replaced"]
    assert replaced == known, "all of it had been read"


def of_the_last_minutes(random: Random) -> list[Event]:
    """Events of minutes that have some already."""
    return [make_event(random, age=index * MINUTE / 3) for index in range(9)]


def check_what_is_there(stream: Stream, connection: Connection) -> None:
    """The tables hold what was sent and not lost, and the production checks agree."""
    truth.check_events(connection, stream.events.values())
    truth.check_kpis(connection, stream.events.values())
    for name in QUERIES:
        assert accounting.read_ledger(connection, name, datetime.now(UTC) - 60 * MINUTE).faults == ()


def lost(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT query_name, partition, offset_from, offset_to, reason FROM ops.records_lost ORDER BY 1, 2"
    ).fetchall()


def test_a_state_without_the_optional_fields_is_replaced_at_the_start(
    stream: Stream, connection: Connection, random: Random
) -> None:
    """As after an update: the checkpoint's note is that of a release whose state had the measures alone."""
    stream.send_events(of_the_last_minutes(random))
    stream.wait_consumed()
    assert stream.job.stop() == 0
    note = stream.settings.checkpoint_dir / KPI_1M_QUERY / MEASURES_NOTE
    measures = json.loads(note.read_text(encoding="utf-8"))[1]
    note.write_text(json.dumps(measures), encoding="utf-8")
    stream.send_events(of_the_last_minutes(random))
    stream.job.start()
    stream.wait_consumed()
    assert stream.logged("checkpoint.other_measures") == 1
    check_what_is_there(stream, connection)


def test_a_wrong_kpi_is_found_and_healed_by_hand(stream: Stream, connection: Connection) -> None:
    """With the job stopped, which would repair a settled minute automatically."""
    assert stream.job.stop() == 0
    connection.execute(
        "UPDATE kpi_1m SET revenue = 1 WHERE window_start = (SELECT min(window_start) FROM kpi_1m)"
    )
    wrong = truth.all_differing_windows(connection)
    assert len(wrong) == 1
    limits = (
        "--from",
        f"{wrong[0] - MINUTE:%Y-%m-%dT%H:%M:%S}",
        "--to",
        f"{wrong[0] + MINUTE:%Y-%m-%dT%H:%M:%S}",
    )
    found = backfill(stream, "check", *limits)
    assert (found.returncode, found.stdout) == (1, f"{wrong[0]:%Y-%m-%dT%H:%M:%S}.000000Z\n")
    assert backfill(stream, "kpis", *limits).returncode == 0
    assert backfill(stream, "check", *limits).returncode == 0
    truth.check_kpis(connection, stream.events.values())


def backfill(stream: Stream, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spark_jobs.backfill", *arguments],
        env=child_environment(stream.settings),
        cwd=stream.settings.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
