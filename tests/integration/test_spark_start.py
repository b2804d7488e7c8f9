"""Where the queries begin when checkpoint and ledger disagree; real broker and database, no Spark."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from core import kafka, postgres
from core.checkpoints import begin_at_ledger
from core.errors import CheckpointError
from core.settings import KafkaSettings, PostgresSettings, Settings
from database.resume import EARLIEST, QUERIES
from spark_jobs.start import find_beginnings
from tests.checkpoints import write_checkpoint
from tests.platform_rows import QUERY_IDS

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
AGES_MIN = (40, 30, 20, 12, 11, 10, 2)
"""When Kafka took the records of each partition, by their offsets, in minutes before now."""

BATCH = """
    INSERT INTO ops.stream_batch (
        query_id, batch_id, query_name, offsets_from, offsets_to, records_read, records_written,
        records_duplicate, records_rejected, records_dropped_by_watermark, max_event_time, durations_ms
    ) VALUES (%s, %s, %s, '{}', %s, 6, 6, 0, 0, 0, %s, '{}')
"""


@dataclass(frozen=True)
class World:
    """A topic whose records' times are given, with a ledger and checkpoints."""

    settings: Settings

    def commit(self, name: str, batch_id: int, offsets: dict[int, int]) -> None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(BATCH.encode(), (QUERY_IDS[name], batch_id, name, json.dumps(offsets), NOW))

    def checkpoint(self, name: str, batches: int) -> Path:
        return write_checkpoint(self.settings.checkpoint_dir / name, QUERY_IDS[name], range(batches))

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
    assert find_beginnings(world.settings) == {}


def test_a_checkpoint_that_the_ledger_knows_is_gone_on_with(world: World) -> None:
    """Also where the ledger is one batch ahead, as after a kill between the two commits."""
    for name in QUERIES:
        world.checkpoint(name, 2)
        for batch_id in range(3):
            world.commit(name, batch_id, {0: batch_id, 1: batch_id, 2: batch_id})
    assert find_beginnings(world.settings) == {}
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
    assert find_beginnings(world.settings) == {
        "events_clean": {0: 5, 1: 6, 2: 7},
        "kpi_1m": {0: 3, 1: 3, 2: 3},
    }
    assert world.aside() == set(QUERIES)


def test_only_the_query_that_is_ahead_begins_anew(world: World) -> None:
    for name in QUERIES:
        world.checkpoint(name, 1)
        world.commit(name, 0, {0: 5, 1: 5, 2: 5})
    (world.settings.checkpoint_dir / "events_clean" / "commits" / "1").write_text("v1\n{}")
    assert find_beginnings(world.settings) == {"events_clean": {0: 5, 1: 5, 2: 5}}
    assert world.aside() == {"events_clean"}


def test_an_empty_ledger_means_the_first_record(world: World) -> None:
    world.checkpoint("events_clean", 3)
    assert find_beginnings(world.settings) == {"events_clean": dict.fromkeys(range(3), EARLIEST)}


def test_the_note_holds_until_the_query_has_begun(world: World) -> None:
    world.commit("events_clean", 0, {0: 5, 1: 5, 2: 5})
    begin_at_ledger(world.settings.checkpoint_dir / "events_clean", NOW)
    for _ in range(2):
        assert set(find_beginnings(world.settings)) == {"events_clean"}
    world.settings.checkpoint_dir.joinpath("events_clean", "offsets").mkdir()
    world.settings.checkpoint_dir.joinpath("events_clean", "offsets", "0").touch()
    assert find_beginnings(world.settings) == {}


def test_a_partition_that_is_new_is_read_from_its_first_record(world: World) -> None:
    begin_at_ledger(world.settings.checkpoint_dir / "events_clean", NOW)
    world.commit("events_clean", 0, {0: 5, 1: 5})
    assert find_beginnings(world.settings) == {"events_clean": {0: 5, 1: 5, 2: EARLIEST}}


@pytest.mark.parametrize("accepted", [False, True])
def test_records_that_are_lost_for_ever_stop_the_stream_unless_that_is_accepted(
    world: World, accepted: bool
) -> None:
    world.commit("events_clean", 0, {0: 3, 1: 5, 2: 5})
    begin_at_ledger(world.settings.checkpoint_dir / "events_clean", NOW, loss_accepted=accepted)
    client = kafka.admin_client(world.settings.kafka)
    for future in client.delete_records([TopicPartition(world.settings.kafka.topic, 0, 5)]).values():
        future.result()
    if accepted:
        assert find_beginnings(world.settings) == {"events_clean": {0: EARLIEST, 1: 5, 2: 5}}
        return
    until = (NOW - 10 * MINUTE).strftime("%Y-%m-%dT%H:%M:%S")
    with pytest.raises(
        CheckpointError, match=rf"partition 0: offsets 3 to 4 \(2 records\), from .* to {until}"
    ):
        find_beginnings(world.settings)


def test_a_topic_that_ends_before_the_ledger_is_another_one(world: World) -> None:
    world.commit("events_clean", 0, {0: 500, 1: 5, 2: 5})
    begin_at_ledger(world.settings.checkpoint_dir / "events_clean", NOW)
    with pytest.raises(CheckpointError, match="the topic has no offset 500, so it is another topic"):
        find_beginnings(world.settings)
