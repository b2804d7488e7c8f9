"""The shared broker and database are what the contract asks for."""

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from core import kafka, postgres
from core.settings import KafkaSettings, PostgresSettings
from tests.platform_rows import current_revision


def test_a_topic_is_fresh_and_takes_records(broker: KafkaSettings, topic: str) -> None:
    producer = Producer(kafka.client_config(broker, acks="all"))
    producer.produce(topic, b"{}", key=b"ORD1")
    assert producer.flush(10) == 0
    assert sum(kafka.end_offsets(broker, topic).values()) == 1


def test_the_broker_makes_no_topic_unasked(broker: KafkaSettings) -> None:
    client = AdminClient({"bootstrap.servers": broker.bootstrap_servers, "allow.auto.create.topics": True})
    metadata = client.list_topics("never-created", timeout=10)
    assert metadata.topics["never-created"].error is not None


def test_a_database_is_fresh_and_migrated(database: PostgresSettings) -> None:
    assert current_revision(database) is not None
    with postgres.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM events_clean").fetchone() == (0,)


def test_the_server_is_set_up_as_the_platform_needs(database: PostgresSettings) -> None:
    with postgres.connect(database) as connection:
        shown = [
            connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            for name in ("track_commit_timestamp", "timezone", "fsync", "synchronous_commit")
        ]
        rights = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert shown == [("on",), ("UTC",), ("on",), ("on",)]
    assert rights == (False, True, True)
