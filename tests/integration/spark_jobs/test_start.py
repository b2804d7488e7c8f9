"""Where the queries begin when checkpoint and ledger disagree; real broker and database, no Spark."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

from control.checkpoints import begin_at_ledger
from core import kafka, postgres
from core.errors import BrokerError
from core.settings import KafkaSettings, PostgresSettings, Settings
from core.topic_facts import times_at
from database.resume import EARLIEST, QUERIES
from spark_jobs.start import MEASURES_NOTE, MEASURES_STATE, prepare_start
from spark_jobs.topic_watch import TopicWatch
from stack.host.waiting import wait_until
from tests.checkpoints import write_checkpoint
from tests.platform_rows import QUERY_IDS
from tests.topics import delete_records, replace_topic

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
AGES_MIN = (40, 30, 20, 12, 11, 10, 2)
"""When Kafka took the records of each partition, by their offsets, in minutes before now."""

BATCH = """
    INSERT INTO ops.stream_batch (
        query_id, batch_id, query_name, offsets_from, offsets_to, records_read, records_written,
        records_duplicate, records_rejected, records_dropped_by_watermark, max_event_time, topic_id, durations_ms
    ) VALUES (%s, %s, %s, '{}', %s, 6, 6, 0, 0, 0, %s, %s, '{}')
"""
SEEN = """
    INSERT INTO ops.heartbeat (name, pid, started_at, progress) VALUES ('spark_stream', 1, now(), %s)
"""
LOST = """
    SELECT query_name, partition, offset_from, offset_to, reason FROM ops.records_lost ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class World:
    """A topic whose records' times are given, with a ledger and checkpoints."""

    settings: Settings

    def commit(self, name: str, batch_id: int, offsets: dict[int, int], topic_id: str | None = None) -> None:
        row = (QUERY_IDS[name], batch_id, name, json.dumps(offsets), NOW, topic_id)
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(BATCH.encode(), row)

    def begin(self) -> dict[str, dict[int, int]]:
        """Where the queries start that do not continue from their checkpoints."""
        return prepare_start(self.settings).offsets

    def lost(self) -> list[tuple[Any, ...]]:
        """What is recorded as lost."""
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            return connection.execute(LOST.encode()).fetchall()

    def delete_records(self, before: dict[int, int]) -> None:
        """As retention does it."""
        delete_records(self.settings.kafka, before)

    def replace_topic(self, records: int) -> None:
        """Delete the topic and create it again, with so many records in partition 0."""
        settings = self.settings.kafka
        replace_topic(settings)
        producer = Producer(kafka.client_config(settings, acks="all"))
        for _ in range(records):
            producer.produce(settings.topic, b"{}", partition=0)
        assert producer.flush(10) == 0

    def checkpoint(self, name: str, batches: int, measures: str = MEASURES_STATE) -> Path:
        folder = write_checkpoint(self.settings.checkpoint_dir / name, QUERY_IDS[name], range(batches))
        (folder / MEASURES_NOTE).write_text(measures, encoding="utf-8")
        return folder

    def aside(self) -> set[str]:
        return {path.name.partition(".")[0] for path in self.settings.checkpoint_dir.glob("*.*Z")}


@pytest.fixture
def world(settings: Settings, database: PostgresSettings, broker: KafkaSettings, tmp_path: Path) -> World:
    topic = f"test-{uuid4()}"
    new = NewTopic(topic, 3, 1, config={"message.timestamp.type": "CreateTime"})
    client = kafka.admin_client(broker)
    client.create_topics([new])[topic].result()
    kafka.end_offsets(broker, topic)
    producer = Producer(kafka.client_config(broker, acks="all"))
    for partition in range(3):
        for age in AGES_MIN:
            producer.produce(
                topic, b"{}", partition=partition, timestamp=int((NOW - age * MINUTE).timestamp() * 1000)
            )
    assert producer.flush(10) == 0
    stream = settings.stream.model_copy(update={"checkpoint_dir": tmp_path})
    return World(
        settings.model_copy(
            update={
                "postgres": database,
                "kafka": broker.model_copy(update={"topic": topic}),
                "stream": stream,
            }
        )
    )


def test_without_a_checkpoint_the_topic_is_read_from_its_first_record(world: World) -> None:
    world.commit("events_clean", 0, {0: 3, 1: 3, 2: 3})
    assert world.begin() == {}


def test_a_checkpoint_that_the_ledger_knows_is_gone_on_with(world: World) -> None:
    """Also where the ledger is one batch ahead, as after a kill between the two commits."""
    for name in QUERIES:
        world.checkpoint(name, 2)
        for batch_id in range(3):
            world.commit(name, batch_id, {0: batch_id, 1: batch_id, 2: batch_id})
    assert world.begin() == {}
    assert world.aside() == set()


def test_a_checkpoint_that_is_ahead_is_set_aside_and_the_query_begins_at_the_ledgers_end(
    world: World,
) -> None:
    """The KPI query further back, by the oldest record that any query has to read: here 11 min old, so the
    windows since 16 min ago are open, and their first event was taken 17 min ago or later: at offset 3.
    """
    for name in QUERIES:
        world.checkpoint(name, 3)
    world.commit("events_clean", 0, {0: 5, 1: 6, 2: 7})
    world.commit("kpi_1m", 0, {0: 4, 1: 6, 2: 7})
    assert world.begin() == {
        "events_clean": {0: 5, 1: 6, 2: 7},
        "kpi_1m": {0: 3, 1: 3, 2: 3},
    }
    assert world.aside() == set(QUERIES)


def test_only_the_query_that_is_ahead_starts_over(world: World) -> None:
    for name in QUERIES:
        world.checkpoint(name, 1)
        world.commit(name, 0, {0: 5, 1: 5, 2: 5})
    (world.settings.checkpoint_dir / "events_clean" / "commits" / "1").write_text("v1\n{}")
    assert world.begin() == {"events_clean": {0: 5, 1: 5, 2: 5}}
    assert world.aside() == {"events_clean"}


@pytest.mark.parametrize("former", ["[]", None])
def test_a_state_of_other_measures_is_set_aside_once(world: World, former: str | None) -> None:
    """Spark itself would end at each start; the windows that are open are counted again, as above."""
    world.checkpoint("events_clean", 1)
    kpis = world.checkpoint("kpi_1m", 1, former or "")
    if former is None:
        (kpis / MEASURES_NOTE).unlink()
    for name in QUERIES:
        world.commit(name, 0, {0: 5, 1: 6, 2: 7})
    for _ in range(2):
        assert world.begin() == {"kpi_1m": {0: 3, 1: 3, 2: 3}}
    assert len(list(world.settings.checkpoint_dir.glob("*.*Z"))) == 1
    (kpis / "offsets").mkdir()
    (kpis / "offsets" / "0").touch()
    assert world.begin() == {}


def test_an_empty_ledger_means_the_first_record(world: World) -> None:
    world.checkpoint("events_clean", 3)
    assert world.begin() == {"events_clean": dict.fromkeys(range(3), EARLIEST)}


def test_the_note_holds_until_the_query_has_begun(world: World) -> None:
    world.commit("events_clean", 0, {0: 5, 1: 5, 2: 5})
    begin_at_ledger(world.settings.checkpoint_dir / "events_clean", NOW)
    for _ in range(2):
        assert set(world.begin()) == {"events_clean"}
    world.settings.checkpoint_dir.joinpath("events_clean", "offsets").mkdir()
    world.settings.checkpoint_dir.joinpath("events_clean", "offsets", "0").touch()
    assert world.begin() == {}


def test_a_partition_that_is_new_is_read_from_its_first_record(world: World) -> None:
    begin_at_ledger(world.settings.checkpoint_dir / "events_clean", NOW)
    world.commit("events_clean", 0, {0: 5, 1: 5})
    assert world.begin() == {"events_clean": {0: 5, 1: 5, 2: EARLIEST}}


def test_what_kafka_deleted_before_it_was_read_is_recorded_once_and_passed_over(world: World) -> None:
    """The queries have read different parts of it; each reports its losses, and both continue at the same record."""
    for name in QUERIES:
        world.checkpoint(name, 1)
    world.commit("events_clean", 0, {0: 3, 1: 5, 2: 5})
    world.commit("kpi_1m", 0, {0: 2, 1: 5, 2: 5})
    world.delete_records({0: 5})
    for _ in range(2):
        begun = world.begin()
        assert begun["events_clean"] == {0: EARLIEST, 1: 5, 2: 5}
        assert begun["kpi_1m"][0] == EARLIEST
        assert world.lost() == [("events_clean", 0, 3, 5, "deleted"), ("kpi_1m", 0, 2, 5, "deleted")]
    assert world.aside() == set(QUERIES)

    world.delete_records({0: 7})  # before the stream has come to a batch
    world.begin()
    assert world.lost() == [("events_clean", 0, 3, 7, "deleted"), ("kpi_1m", 0, 2, 7, "deleted")]


def test_retention_that_left_nothing_unread_is_no_loss(world: World) -> None:
    for name in QUERIES:
        world.checkpoint(name, 1)
        world.commit(name, 0, {0: 5, 1: 5, 2: 5})
    world.delete_records({0: 5, 1: 3})
    assert world.begin() == {}
    assert (world.lost(), world.aside()) == ([], set())


def test_of_a_new_partition_the_first_records_may_be_gone_already(world: World) -> None:
    """Spark itself would end at each start: "Added partitions starts from 2 instead of 0"."""
    world.checkpoint("events_clean", 1)
    world.commit("events_clean", 0, {0: 5, 1: 5})
    world.delete_records({2: 2})
    assert world.begin() == {"events_clean": {0: 5, 1: 5, 2: EARLIEST}}
    assert world.lost() == [("events_clean", 2, 0, 2, "deleted")]


@pytest.mark.parametrize("known", [True, False])
def test_a_topic_that_was_created_again_is_read_from_its_first_record(world: World, known: bool) -> None:
    """By its id also where it has grown beyond the former offsets; without ids where it ends before them."""
    topic_id = prepare_start(world.settings).topic_id if known else None
    for name in QUERIES:
        world.checkpoint(name, 1)
        world.commit(name, 0, {0: 3, 1: 1, 2: 7}, topic_id)
    seen = {"topic": {"id": topic_id, "ends": {"0": 5, "1": 1, "2": 7}}} if known else {}
    with postgres.connect(world.settings.postgres, autocommit=True) as connection:
        connection.execute(SEEN.encode(), (json.dumps(seen),))
    world.replace_topic(records=8)
    everything = dict.fromkeys(range(3), EARLIEST)
    assert world.begin() == dict.fromkeys(QUERIES, everything)
    ends = (5, 1, 7) if known else (None, None, None)
    assert world.lost() == [
        (name, partition, offset, ends[partition], "topic_replaced")
        for name in QUERIES
        for partition, offset in enumerate((3, 1, 7))
    ]
    new_id = prepare_start(world.settings).topic_id
    assert new_id != topic_id
    for name in QUERIES:
        world.commit(name, 1, {0: 8, 1: 0, 2: 0}, new_id)
        world.checkpoint(name, 0)
    assert prepare_start(world.settings).topic_id == new_id
    assert len(world.lost()) == 6, "told once"


def test_a_topic_that_is_not_there_is_reported(world: World) -> None:
    missing = world.settings.kafka.model_copy(update={"topic": "no-such-topic"})
    with pytest.raises(BrokerError, match="no-such-topic does not exist; `orderpulse up` creates it"):
        prepare_start(world.settings.model_copy(update={"kafka": missing}))


def test_a_place_where_only_aborted_records_are_has_no_time(world: World) -> None:
    """A transactional producer that was cut off leaves such a place at the end of the topic."""
    options: dict[str, str] = {"transactional.id": str(uuid4())}
    producer = Producer(kafka.client_config(world.settings.kafka, **options))
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(world.settings.kafka.topic, b"{}", partition=0)
    producer.flush(10)
    producer.abort_transaction(10)
    assert set(times_at(world.settings.kafka, {0: len(AGES_MIN), 1: 0})) == {1}


def test_the_running_stream_notices_that_its_topic_is_another_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it has as many records by then: Spark would read on at the old offsets, in silence."""
    monkeypatch.setattr("spark_jobs.topic_watch.INTERVAL_S", 0.05)
    watch = TopicWatch(world.settings.kafka, prepare_start(world.settings).topic_id)

    def ticked() -> TopicWatch:
        watch.tick()
        return watch

    try:
        assert wait_until(lambda: ticked().seen is not None, 30)
        assert watch.seen is not None
        assert watch.seen["ends"] == dict.fromkeys(range(3), len(AGES_MIN))
        assert watch.failure is None
        world.replace_topic(records=len(AGES_MIN))
        assert wait_until(lambda: ticked().failure is not None, 30)
        assert "was deleted and created again" in str(watch.failure)
        assert watch.seen["ends"][1] == len(AGES_MIN), "how far the former one went"
    finally:
        watch.stop()
