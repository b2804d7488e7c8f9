"""A topic that others have created or changed: differences are reported, and one command corrects them."""

from uuid import uuid4

import pytest
from confluent_kafka.admin import NewTopic
from typer.testing import CliRunner

from control.topic_state import MEND, TopicState, differences, read_state
from core import kafka
from core.settings import KafkaSettings, Settings
from core.topics import EVENTS_RAW
from orchestration.defs.quality import topic as topic_check
from orchestration.defs.quality.sensor import topic_differences
from orchestration.resources import KafkaResource
from stack.cli import app
from stack.doctor.running import topic as doctor
from stack.servers.kafka.topic import report
from tests.managed import export

BY_OTHERS = {
    "message.timestamp.type": "CreateTime",
    "cleanup.policy": "compact",
    "retention.ms": "3600000",
    "retention.bytes": "1000000",
}


@pytest.fixture
def foreign(settings: Settings, broker: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a topic of one partition, as others created it."""
    name = f"test-{uuid4()}"
    client = kafka.admin_client(broker)
    client.create_topics([NewTopic(name, 1, 1, config=BY_OTHERS)])[name].result()
    kafka.end_offsets(broker, name)
    own = settings.model_copy(update={"kafka": broker.model_copy(update={"topic": name})})
    export(monkeypatch, own)
    return own


def test_what_others_created_is_reported_at_up_by_the_doctor_and_by_a_check_and_is_repaired(
    foreign: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = report(foreign)
    assert lines[:-1] == [
        "cleanup.policy is compact instead of delete: Kafka deletes all but the newest event of an order, read or not",
        (
            "message.timestamp.type is CreateTime instead of LogAppendTime: events are judged `late` and `future` by their "
            "producers' clocks"
        ),
        "retention.ms is 3600000 instead of 86400000: records that the stream has not read after 1 h are lost",
        "retention.bytes is 1000000 instead of -1: a burst of records deletes older ones before their time",
        "partitions is 1 instead of 3: fewer tasks can read at once",
    ]
    assert MEND in lines[-1]
    grades = [finding.grade for finding in doctor(foreign)]
    assert grades == ["PROBLEM"] * 4 + ["warning"]
    verdict = topic_check.evaluate(topic_differences(KafkaResource()))
    assert verdict.is_incident
    assert MEND in verdict.description

    monkeypatch.setattr("stack.profile.platform_settings", lambda: foreign)
    looked = CliRunner().invoke(app, ["topic"])
    assert (looked.exit_code, len(looked.output.splitlines())) == (1, 5), looked.output
    corrected = CliRunner().invoke(app, ["topic", "--apply"])
    assert corrected.exit_code == 0, corrected.output
    assert "retention.ms: 3600000 -> 86400000" in corrected.output

    state = read_state(foreign.kafka)
    assert (state.partitions, state.config["message.timestamp.type"]) == (3, "LogAppendTime")
    assert report(foreign) == []
    assert [finding.grade for finding in doctor(foreign)] == ["ok"]
    assert topic_check.evaluate(topic_differences(KafkaResource())).passed


def test_what_set_up_creates_is_right(settings: Settings, broker: KafkaSettings, topic: str) -> None:
    own = broker.model_copy(update={"topic": topic})
    assert differences(read_state(own), EVENTS_RAW, own) == []


def test_more_than_is_asked_for_is_no_difference(broker: KafkaSettings) -> None:
    config = EVENTS_RAW.config() | {"retention.ms": "-1", "retention.bytes": "-1", "min.insync.replicas": "2"}
    assert differences(TopicState(12, 3, config), EVENTS_RAW, broker) == []


def test_too_few_copies_are_reported_and_not_promised_to_be_repaired(broker: KafkaSettings) -> None:
    wanted = broker.model_copy(update={"replication_factor": 3, "min_insync_replicas": 2})
    found = differences(TopicState(3, 1, EVENTS_RAW.config()), EVENTS_RAW, wanted)
    assert [(each.setting, each.mendable) for each in found] == [
        ("min.insync.replicas", True),
        ("replication factor", False),
    ]


def test_a_broker_that_is_away_is_not_judged() -> None:
    assert not topic_check.evaluate(None).known
