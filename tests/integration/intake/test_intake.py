"""Intake as senders meet it: a process, a real broker, signatures made as the vendors make them."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Message

from core import kafka
from core.events import EventType
from core.schemas import event_schema
from core.settings import KafkaSettings, Settings
from core.topics import EVENTS_RAW
from intake import exact_json
from tests.intake.process import AUTHORIZED, IntakeProcess, written
from tests.intake.senders import ALL_FIXTURES, SECRETS, Fixture, fixture, signed

UTF8 = "utf-8"
EVENT = event_schema()["examples"][0]


@pytest.fixture(scope="module")
def intake(
    settings: Settings, broker: KafkaSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IntakeProcess]:
    """A running intake."""
    topic = f"test-{uuid4()}"
    kafka.create_topic(broker, EVENTS_RAW, topic)
    own = settings.model_copy(update={"kafka": broker.model_copy(update={"topic": topic})})
    with IntakeProcess(own, tmp_path_factory.mktemp("intake")) as running:
        yield running


def sent(intake: IntakeProcess) -> list[Message]:
    return written(intake.settings.kafka, intake.settings.kafka.topic)


def headers(message: Message) -> dict[str, str]:
    found: list[tuple[str, bytes]] = message.headers() or []  # type: ignore[assignment]  # the library's types allow more
    return {name: value.decode() for name, value in found}


def ready(message: Fixture) -> Any:
    return signed(message.source, message.received, SECRETS[message.source], datetime.now(UTC))


def test_every_senders_messages_arrive_as_events(intake: IntakeProcess) -> None:
    for message in ALL_FIXTURES:
        answer = intake.send(message.source, ready(message))
        assert answer.is_success, f"{message}: {answer.status_code} {answer.text}\n{intake.log()[-2000:]}"
    records = sent(intake)
    events = Counter[str]()
    for record in records:
        if "orderpulse-reason" in headers(record):
            continue
        event = exact_json.loads(record.value() or b"")
        assert record.key() == event["orderId"].encode()
        assert event["eventType"] in set(EventType)
        events[f"{headers(record)['orderpulse-source']} {event['id']}"] += 1
    expected = Counter(
        f"{message.source} {fields['id']}" for message in ALL_FIXTURES for fields in message.expected or ()
    )
    assert expected <= events
    reasons = Counter(headers(record).get("orderpulse-reason") for record in records)
    assert all(reasons[message.unmapped] for message in ALL_FIXTURES if message.unmapped)


@pytest.mark.parametrize(
    ("source", "name", "status", "answer"),
    [
        ("stripe", "payment_succeeded_usd", 200, {"records": 1}),
        ("woocommerce", "created_paid", 200, {"records": 2}),
        ("shopify", "orders_updated", 200, {"records": 0}),
        ("paypal", "capture_completed", 200, {"records": 1}),
        ("vnpay", "paid", 200, {"RspCode": "00", "Message": "Confirm Success"}),
        ("momo", "paid", 204, None),
        ("zalopay", "paid", 200, {"return_code": 1, "return_message": "success"}),
    ],
)
def test_each_sender_gets_the_answer_that_it_wants(
    intake: IntakeProcess, source: str, name: str, status: int, answer: dict[str, Any] | None
) -> None:
    got = intake.send(source, ready(fixture(source, name)))
    assert (got.status_code, got.json() if got.content else None) == (status, answer)


@pytest.mark.parametrize(
    ("source", "name", "answer"),
    [
        ("stripe", "payment_succeeded_usd", {"code": "unauthorized"}),
        ("woocommerce", "created", {"code": "unauthorized"}),
        ("shopify", "orders_paid", {"code": "unauthorized"}),
        ("paypal", "capture_completed", {"code": "unauthorized"}),
        ("vnpay", "paid", {"RspCode": "97"}),
        ("momo", "paid", {"code": "unauthorized"}),
        ("zalopay", "paid", {"return_code": -1}),
    ],
)
def test_a_wrong_signature_is_refused_and_counted(
    intake: IntakeProcess, source: str, name: str, answer: dict[str, Any]
) -> None:
    topic = intake.settings.kafka.topic
    before = sum(kafka.end_offsets(intake.settings.kafka, topic).values())
    secret = "F8:another" if source == "momo" else "another"
    got = intake.send(source, signed(source, fixture(source, name).received, secret, datetime.now(UTC)))
    assert got.status_code == 401
    assert answer.items() <= got.json().items()
    assert intake.figures()[f'orderpulse_intake_refused_total{{reason="wrong",source="{source}"}}'] >= 1
    assert sum(kafka.end_offsets(intake.settings.kafka, topic).values()) == before
    assert SECRETS[source] not in intake.log()


def test_a_replayed_and_a_changed_message_are_refused(intake: IntakeProcess) -> None:
    message = fixture("stripe", "payment_succeeded_usd").received
    old = signed("stripe", message, SECRETS["stripe"], datetime.now(UTC) - timedelta(minutes=6))
    assert intake.send("stripe", old).status_code == 401
    changed = replace(
        ready(fixture("stripe", "payment_succeeded_usd")), body=message.body.replace(b"12995", b"12996")
    )
    assert intake.send("stripe", changed).status_code == 401


def test_what_does_not_map_is_kept_as_it_is(intake: IntakeProcess) -> None:
    message = fixture("woocommerce", "created")
    body = message.body.replace(b'"total": "250000"', b'"total": "250.000,00"')
    odd = replace(message.received, body=body)
    for _ in range(2):
        got = intake.send(
            "woocommerce", signed("woocommerce", odd, SECRETS["woocommerce"], datetime.now(UTC))
        )
        assert (got.status_code, got.json()) == (200, {"records": 1})
    kept = [record for record in sent(intake) if record.value() == body]
    assert len(kept) == 2
    assert len({record.key() for record in kept}) == 1, "so a sender's second try is beside its first"
    found = headers(kept[0])
    assert (found["orderpulse-source"], found["orderpulse-reason"]) == ("woocommerce", "bad_amount")
    assert found["orderpulse-header-x-wc-webhook-topic"] == "order.created"
    query = ready(fixture("vnpay", "no_code"))
    assert intake.send("vnpay", query).status_code == 200
    assert any(record.value() == query.query.encode() for record in sent(intake))


def test_half_a_character_is_kept_too(intake: IntakeProcess) -> None:
    """In a message's name it would otherwise reach the header that explains it."""
    message = replace(fixture("stripe", "unknown").received, body=rb'{"type": "x\ud83d"}')
    assert (
        intake.send("stripe", signed("stripe", message, SECRETS["stripe"], datetime.now(UTC))).status_code
        == 200
    )
    (kept,) = (record for record in sent(intake) if record.value() == message.body)
    assert headers(kept)["orderpulse-reason"] == "unknown_message"


def test_a_ping_is_answered_and_does_nothing(intake: IntakeProcess) -> None:
    before = len(sent(intake))
    assert intake.client.post("/v1/sources/woocommerce", content=b"webhook_id=12").status_code == 200
    assert intake.client.post("/v1/sources/woocommerce", content=b"webhook_id=12&a=b").status_code == 401
    assert intake.client.post("/v1/sources/shopify", content=b"webhook_id=12").status_code == 401
    assert len(sent(intake)) == before


def test_events_in_every_form(intake: IntakeProcess) -> None:
    events = [EVENT | {"id": str(uuid4()), "orderId": f"ORD{number}"} for number in range(8)]
    texts = [json.dumps(event) for event in events]
    cloud = [
        {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": event} for event in events
    ]
    bodies: list[tuple[str, str, bytes]] = [
        ("application/json", "", texts[0].encode()),
        ("application/json", "", f"[{texts[1]}, {texts[2]}]".encode()),
        ("application/x-ndjson", "", f"{texts[3]}\n{texts[4]}\n".encode()),
        ("application/json", "gzip", gzip.compress(texts[5].encode())),
        ("application/cloudevents+json", "", json.dumps(cloud[6]).encode()),
        ("application/cloudevents-batch+json", "", json.dumps([cloud[7]]).encode()),
    ]
    for content_type, encoding, body in bodies:
        extra = {"Content-Type": content_type} | ({"Content-Encoding": encoding} if encoding else {})
        got = intake.client.post("/v1/events", content=body, headers=AUTHORIZED | extra)
        assert got.status_code == 200, got.text
    records = {
        record.key(): json.loads(record.value() or b"") for record in sent(intake) if _is_event(record)
    }
    assert [records[event["orderId"].encode()] for event in events] == events


def _is_event(record: Message) -> bool:
    return headers(record)["orderpulse-source"] == "shop"


@pytest.mark.parametrize(
    ("changes", "body", "status"),
    [
        ({"Authorization": "Bearer another"}, b"{}", 401),
        ({"Authorization": ""}, b"{}", 401),
        ({}, b"{", 400),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({"Content-Encoding": "br"}, b"{}", 415),
        ({"Content-Encoding": "gzip"}, b"{}", 400),
        ({"Content-Encoding": "gzip"}, gzip.compress(bytes(50_000_000)), 413),
        ({}, bytes(4_300_000), 413),
        ({}, b"[" + b",".join([b"{}"] * 1001) + b"]", 413),
    ],
    ids=["other key", "no key", "no json", "type", "encoding", "no gzip", "bomb", "body", "batch"],
)
def test_events_that_are_not_taken(
    intake: IntakeProcess, changes: dict[str, str], body: bytes, status: int
) -> None:
    got = intake.client.post("/v1/events", content=body, headers=AUTHORIZED | changes)
    assert got.status_code == status, got.text
    assert got.headers["content-type"] == "application/problem+json"


def test_what_there_is_not(intake: IntakeProcess) -> None:
    assert intake.client.post("/v1/sources/nobody", content=b"{}").status_code == 404
    assert intake.client.post("/v1/sources/..%2Fstripe", content=b"{}").status_code == 404
    got = intake.client.get("/v1/sources/stripe")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert intake.client.post("/v1/sources/vnpay").status_code == 405
    assert intake.client.get("/v1/sources/vnpay?a=" + "x" * 10_000).status_code == 414
    assert intake.client.get("/").status_code == 404


def test_a_shops_own_source_is_taken_without_a_restart(intake: IntakeProcess) -> None:
    folder = intake.settings.sources_dir
    folder.mkdir(exist_ok=True)
    assert intake.client.post("/v1/sources/mine", content=b"{}").status_code == 404
    template = (intake.settings.root / "intake" / "template.yaml").read_text(encoding=UTF8)
    path: Path = folder / "mine.yaml"
    path.write_text(template, encoding=UTF8)
    assert intake.client.post("/v1/sources/mine", content=b"{}").status_code == 401
    path.write_text("title: [", encoding=UTF8)
    got = intake.client.post("/v1/sources/mine", content=b"{}")
    assert (got.status_code, got.headers["retry-after"]) == (503, "5")
    path.unlink()


def test_too_many_requests_are_told_when_to_come_back(
    settings: Settings, broker: KafkaSettings, topic: str, tmp_path: Path
) -> None:
    own = settings.model_copy(update={"kafka": broker.model_copy(update={"topic": topic})})
    with IntakeProcess(own, tmp_path, requests_per_s=1.0) as slow:
        codes = [
            slow.client.post("/v1/events", content=json.dumps(EVENT), headers=AUTHORIZED).status_code
            for _ in range(4)
        ]
        assert codes[:2] == [200, 200]
        assert 429 in codes
        ping = slow.client.post("/v1/sources/woocommerce", content=b"webhook_id=1")
        assert ping.status_code == 200, "another sender"
        slow.stop()
        assert "intake.stopped" in slow.log()
