"""Clock, errors, topics, connection strings and logging."""

import inspect
import json
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest

from core import errors, kafka, logging, postgres
from core.clock import to_iso8601, utc_now
from core.events import (
    FIELDS,
    FUTURE_LIMIT,
    LATENESS_LIMIT,
    SPARK_WATERMARK_DELAY,
    RejectReason,
)
from core.settings import KafkaSettings, PostgresSettings
from core.tables import EVENTS_CLEAN
from core.topics import EVENTS_RAW

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def test_the_clock_is_aware_and_in_utc() -> None:
    assert utc_now().tzinfo is UTC


def test_times_are_written_in_utc_to_the_microsecond() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=7)))
    assert to_iso8601(east) == "2026-03-01T12:00:00.250000Z"


def test_every_error_is_of_one_tree() -> None:
    classes = dict(inspect.getmembers(errors, inspect.isclass))
    assert all(issubclass(found, errors.OrderpulseError) and found.__doc__ for found in classes.values())


def test_the_topic_is_the_contract() -> None:
    assert (EVENTS_RAW.name, EVENTS_RAW.partitions) == ("events_raw", 3)
    assert EVENTS_RAW.config(2) == {
        "cleanup.policy": "delete",
        "max.message.bytes": "1048588",
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": "2",
        "retention.ms": "86400000",
    }


def test_spark_waits_for_whatever_the_rules_accept() -> None:
    assert SPARK_WATERMARK_DELAY >= LATENESS_LIMIT + FUTURE_LIMIT


def test_fields_are_the_columns_of_events_clean() -> None:
    assert tuple(field.column for field in FIELDS) == EVENTS_CLEAN.columns[: len(FIELDS)]


def test_every_reason_is_explained() -> None:
    meanings = [reason.meaning for reason in RejectReason]
    assert all(meaning.endswith(".") for meaning in meanings)
    assert len(set(meanings)) == len(meanings)


def test_connection_strings_keep_odd_characters() -> None:
    settings = PostgresSettings(host="db", port=5433, user="a b", password="p@ss/'\\ ?", database="x y")
    for text in (postgres.dsn(settings), postgres.uri(settings)):
        parsed = psycopg.conninfo.conninfo_to_dict(text)
        assert (parsed["user"], parsed["password"], parsed["dbname"]) == ("a b", "p@ss/'\\ ?", "x y")
        assert (parsed["host"], str(parsed["port"])) == ("db", "5433")


def test_an_unreachable_database_is_reported() -> None:
    with pytest.raises(errors.DatabaseError, match=r"PostgreSQL at 127\.0\.0\.1:1 did not respond"):
        postgres.wait_until_reachable(PostgresSettings(host="127.0.0.1", port=1), 0.1)


def test_an_unreachable_broker_is_reported() -> None:
    with pytest.raises(errors.BrokerError, match=r"Kafka at 127\.0\.0\.1:1 did not respond"):
        kafka.wait_until_reachable(KafkaSettings(bootstrap_servers="127.0.0.1:1"), 0.2)


def test_a_client_never_creates_a_topic_by_accident() -> None:
    config = kafka.client_config(KafkaSettings(), acks="all")
    assert config["allow.auto.create.topics"] is False
    assert config["acks"] == "all"


def test_logs_are_json_lines_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure_logging("info", process="tester")
    log = logging.get_logger("unit")
    log.debug("hidden")
    log.info("seen", offset=7)
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["offset"], entry["process"], entry["component"], entry["level"]) == (
        "seen", 7, "tester", "unit", "info",
    )  # fmt: skip
