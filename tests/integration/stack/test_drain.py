"""What `down` waits for before it stops the stream; the queries' commits are rows that the test writes."""

import json
import threading
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from core import kafka, postgres
from core.settings import KafkaSettings, PostgresSettings, Settings
from stack.host.ports import free_ports
from stack.local.drain import Backlog, Draining, drain

BATCH = """
    INSERT INTO ops.stream_batch (
        query_id, batch_id, query_name, offsets_from, offsets_to, records_read, records_written,
        records_duplicate, records_rejected, records_dropped_by_watermark, durations_ms
    ) VALUES (%s, 0, %s, '{}', %s, 0, 0, 0, 0, 0, '{}')
"""


@pytest.fixture
def own(settings: Settings, database: PostgresSettings, broker: KafkaSettings, topic: str) -> Settings:
    """A topic of six records in each of three partitions."""
    producer = Producer(kafka.client_config(broker, acks="all"))
    for number in range(18):
        producer.produce(topic, b"{}", partition=number % 3)
    assert producer.flush(10) == 0
    groups = {"postgres": database, "kafka": broker.model_copy(update={"topic": topic})}
    return settings.model_copy(update=groups)


def commit(settings: Settings, query: str, *offsets: int) -> None:
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        reached = json.dumps(dict(enumerate(offsets)))
        connection.execute(BATCH.encode(), (str(uuid4()), query, reached))


def test_what_the_slower_query_has_not_committed_is_left(own: Settings) -> None:
    backlog = Backlog(own)
    assert backlog.left() == 18, "nothing is committed yet"
    commit(own, "events_clean", 6, 6, 6)
    commit(own, "kpi_1m", 6, 5, 4)
    assert backlog.left() == 3
    commit(own, "kpi_1m", 7, 6, 6)
    assert backlog.left() == 0, "also where more has come since"


def test_down_waits_until_nothing_is_left(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.local.drain.TELL_S", 0.1)
    commit(own, "events_clean", 6, 6, 6)
    said: list[str] = []
    told = threading.Event()

    def tell(text: str) -> None:
        said.append(text)
        told.set()

    waiting = threading.Thread(target=drain, args=(own, tell))
    waiting.start()
    assert told.wait(10)
    commit(own, "kpi_1m", 6, 6, 6)
    waiting.join(10)
    assert not waiting.is_alive()
    assert said[0] == "the stream reads the remaining 18 records"
    assert not [text for text in said if "unread" in text]


def test_a_stream_that_does_not_get_on_is_not_waited_for(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.local.drain.STILL_S", 0.5)
    commit(own, "events_clean", 6, 6, 6)
    commit(own, "kpi_1m", 6, 6, 0)
    said: list[str] = []
    drain(own, said.append)
    assert said == ["6 records are unread; the next `up` reads them, as long as Kafka still has them"]


def test_servers_that_are_away_do_not_keep_down_from_stopping(own: Settings) -> None:
    (port,) = free_ports(1)
    away = own.kafka.model_copy(update={"bootstrap_servers": f"localhost:{port}"})
    said: list[str] = []
    drain(own.model_copy(update={"kafka": away}), said.append)
    assert len(said) == 1
    assert said[0].startswith("the number of unread records is unknown: Kafka at localhost")


def test_the_runner_of_a_container_looks_without_waiting(own: Settings) -> None:
    commit(own, "events_clean", 6, 6, 6)
    draining = Draining(own, 60.0)
    assert not draining.is_over()
    commit(own, "kpi_1m", 6, 6, 6)
    assert draining.is_over()
    assert Draining(own, 0.0).is_over(), "its time is up"
