"""The page Sources: the API over a running intake, a real broker and a real database."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from api.app import API_PREFIX, create_app
from core import kafka, postgres
from core.settings import KafkaSettings, PostgresSettings, Settings
from core.sources import PATH
from core.topics import EVENTS_RAW
from intake.secrets import Secrets, write_secret
from stack.host.ports import free_ports
from tests.api_client import serving
from tests.intake.process import AUTHORIZED, IntakeProcess, written
from tests.intake.senders import SECRETS, Fixture, at, fixture, signed
from tests.tokens import SECRET, claims, sign

KEY = "the-key-that-only-the-api-and-intake-have"


@pytest.fixture(scope="module")
def intake(
    settings: Settings, broker: KafkaSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IntakeProcess]:
    topic = f"test-{uuid4()}"
    kafka.create_topic(broker, EVENTS_RAW, topic)
    own = settings.model_copy(update={"kafka": broker.model_copy(update={"topic": topic})})
    with IntakeProcess(own, tmp_path_factory.mktemp("intake"), internal_key=SecretStr(KEY)) as running:
        yield running


@pytest.fixture(scope="module")
def client(intake: IntakeProcess, module_database: PostgresSettings) -> Iterator[httpx.Client]:
    with _api(intake.settings, module_database) as opened:
        yield opened


def _api(settings: Settings, database: PostgresSettings) -> Any:
    return serving(create_app(settings.model_copy(update={"postgres": database})), base_path=API_PREFIX)


def send(intake: IntakeProcess, message: Fixture, *, ago: timedelta = timedelta(0)) -> None:
    """Send a message as its sender does, about something that happened so long ago."""
    now = datetime.now(UTC)
    received = at(message, now - ago) if message.expected else message.received
    assert intake.send(
        message.source, signed(message.source, received, SECRETS[message.source], now)
    ).is_success


def source(client: httpx.Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in client.get("/sources").raise_for_status().json()["sources"] if each["name"] == name
    )
    return found


def failed(client: httpx.Client, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/sources/{name}/failed").raise_for_status().json()["items"]
    return found


def reasons(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["outcome"], each["reason"]) for each in messages]


def attempt(client: httpx.Client, message: Fixture) -> dict[str, Any]:
    received = message.received
    body = {"payload": (received.body.decode() or received.query), "headers": dict(received.headers)}
    found: dict[str, Any] = client.post(f"/sources/{message.source}/try", json=body).raise_for_status().json()
    return found


UNMAPPED = """
    INSERT INTO ops.events_rejected
    (topic, partition, "offset", kafka_time, rejected_at, reason, detail, payload, payload_bytes, source, unmapped_reason, source_headers)
    VALUES ('unmapped', 0, %s, now(), now(), 'missing_field', %s, %s, %s, %s, %s, '[]')
"""


def test_what_came_is_counted_by_what_became_of_it(
    client: httpx.Client, intake: IntakeProcess, module_database: PostgresSettings
) -> None:
    before = datetime.now(UTC)
    send(intake, fixture("stripe", "payment_succeeded_usd"))
    send(intake, fixture("stripe", "payment_succeeded_jpy"))  # no currency of the contract
    send(intake, fixture("stripe", "payment_succeeded_usd"), ago=timedelta(minutes=10))
    send(intake, fixture("stripe", "no_amount"))
    assert intake.client.post("/v1/sources/stripe", content=b"{}").status_code == 401
    found = source(client, "stripe")
    assert found["last_hour"] == {
        "accepted": 1,
        "rejected": 2,
        "unmapped": 1,
        "without_event": 0,
        "refused": 1,
    }
    assert before <= datetime.fromisoformat(found["last_received_at"]) <= datetime.now(UTC)
    assert found["last_refused"]["code"] == "missing"
    assert found["address"] == f"{intake.address.replace('127.0.0.1', 'localhost')}/v1/sources/stripe"
    assert len(found["steps"]) == 4

    kept = [("rejected", "late"), ("rejected", "currency")]
    with _api(intake.settings, module_database.model_copy(update={"port": free_ports(1)[0]})) as away:
        assert reasons(failed(away, "stripe")) == [("unmapped", "no_amount"), *kept], "without a database"
        newest = failed(away, "stripe")[0]
    assert reasons(failed(client, "stripe")) == kept, "no message waits there"
    assert json.loads(newest["payload"])["type"] == "payment_intent.succeeded"
    assert "body.data.object.amount_received" in newest["detail"]
    assert newest["payload_bytes"] == len(newest["payload"].encode())
    assert not newest["payload_truncated"]


def test_connected_sources_come_first(client: httpx.Client, intake: IntakeProcess) -> None:
    own = intake.settings.sources_dir
    own.mkdir(exist_ok=True)
    (own / "a-shop.yaml").write_bytes((Path("intake/sources") / "shopify.yaml").read_bytes())
    (own / "broken.yaml").write_text("title: 3", encoding="utf-8")
    found = client.get("/sources").json()["sources"]
    assert [each["name"] for each in found if not each["connected"]] == ["a-shop", "broken"]
    assert [each["connected"] for each in found] == sorted(
        (each["connected"] for each in found), reverse=True
    )
    assert source(client, "a-shop")["own"]
    assert source(client, "a-shop")["headers"] == ["x-shopify-topic"]
    assert "broken.yaml" in source(client, "broken")["fault"]
    refused = client.post("/sources/broken/try", json={"payload": "{}"})
    assert (refused.status_code, refused.json()["code"]) == (422, "source_unusable")


def test_a_tried_message_shows_each_field_and_sends_nothing(
    client: httpx.Client, intake: IntakeProcess
) -> None:
    broker = intake.settings.kafka
    before, counted = len(written(broker, broker.topic)), source(client, "shopify")["last_hour"]
    found = attempt(client, fixture("shopify", "orders_paid"))
    assert found["outcome"] == "events"
    (event,) = found["events"]
    fields = {each["name"]: each for each in event["fields"]}
    assert event["accepted"]
    assert fields["eventType"]["value"] == "payment_success"
    assert fields["amount"]["origin"] == ["body.total_price"]
    assert fields["status"]["origin"] == ["eventType"]
    assert fields["eventType"]["origin"] == []
    assert fields["eventTime"]["timing"] == "late"
    assert attempt(client, fixture("shopify", "orders_updated"))["outcome"] == "without_event"

    rejected = attempt(client, fixture("stripe", "payment_succeeded_jpy"))["events"][0]
    assert not rejected["accepted"]
    assert [each["name"] for each in rejected["fields"] if each["fault"]] == ["currency"]
    unmapped = attempt(client, fixture("stripe", "no_amount"))
    assert (unmapped["outcome"], unmapped["reason"], unmapped["events"]) == ("unmapped", "no_amount", [])

    assert attempt(client, fixture("vnpay", "paid"))["events"][0]["accepted"]
    assert len(written(broker, broker.topic)) == before
    assert source(client, "shopify")["last_hour"] == counted


KEPT = """
    INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason, source, source_headers, replayed_at, rejected_at)
    VALUES ('t', 0, %s, now(), 'missing_field', %s, %s, %s, %s)
"""


def test_what_waits_to_be_mapped_again_is_read_from_the_database(
    client: httpx.Client, module_database: PostgresSettings
) -> None:
    now = datetime.now(UTC)
    assert source(client, "shopify")["waiting"] == 0
    rows = [
        (1, "shopify", "[]", None, now),
        (2, "shopify", "[]", None, now - timedelta(days=3)),
        (3, "shopify", "[]", now, now),
        (4, "shopify", None, None, now),
        (5, "momo", "[]", None, now),
    ]
    with postgres.connect(module_database, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.executemany(KEPT, rows)
    assert [source(client, name)["waiting"] for name in ("shopify", "momo", "stripe")] == [2, 1, 0]
    (record,) = (each for each in client.get("/rejected").json()["items"] if each["offset"] == 4)
    assert (record["source"], record["unmapped_reason"]) == ("shopify", None)
    assert "source_headers" not in record


def test_a_message_is_listed_until_it_is_mapped_again(
    client: httpx.Client, module_database: PostgresSettings
) -> None:
    """One of another source, one whose event breaks a rule since the source was repaired, and one that is large."""
    rows = [
        (1, "amount: nothing there", b'{"a": 1}\xff', None, "zalopay", "no_amount"),
        (2, "not one of ['VND']", b"{}", None, "zalopay", None),
        (3, None, b"x" * 4096, 9000, "zalopay", "not_json"),
        (4, "other", b"{}", None, "vnpay", "no_amount"),
    ]
    with postgres.connect(module_database, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.executemany(UNMAPPED, rows)
        found = failed(client, "zalopay")
        assert reasons(found) == [
            ("unmapped", "not_json"),
            ("rejected", "missing_field"),
            ("unmapped", "no_amount"),
        ]
        assert (found[0]["payload_bytes"], found[0]["payload_truncated"], found[0]["detail"]) == (
            9000,
            True,
            "",
        )
        assert (found[2]["payload"], found[2]["payload_bytes"]) == ('{"a": 1}\ufffd', 9)
        connection.execute("UPDATE ops.events_rejected SET replayed_at = now() WHERE topic = 'unmapped'")
    assert failed(client, "zalopay") == []


def test_senders_of_events_are_listed_by_their_keys(
    client: httpx.Client, intake: IntakeProcess, module_database: PostgresSettings
) -> None:
    """The fixture's key is that of `shop`; the stream has rejected one of the three events that it sends here."""

    def senders() -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in client.get("/sources").raise_for_status().json()["senders"]}

    write_secret(Secrets(intake.settings).sender_file("idle"), b"another-key\n")
    assert senders()["idle"] == {
        "name": "idle",
        "last_received_at": None,
        "received": 0,
        "rejected": 0,
        "accepted": 0,
    }
    before, now = senders()["shop"]["received"], datetime.now(UTC)
    answer = intake.client.post("/v1/events", json=[{}, {}, {}], headers=AUTHORIZED)
    assert answer.status_code == 200, answer.text
    with postgres.connect(module_database, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.executemany(
            KEPT, [(11, "shop", None, None, now), (12, "shop", None, None, now - timedelta(hours=2))]
        )
    found = senders()["shop"]
    assert (found["received"], found["rejected"], found["accepted"]) == (before + 3, 1, before + 2)
    assert now <= datetime.fromisoformat(found["last_received_at"]) <= datetime.now(UTC)


def test_without_the_database_intakes_own_figures_are_shown(
    settings: Settings, intake: IntakeProcess, module_database: PostgresSettings
) -> None:
    away = module_database.model_copy(update={"port": free_ports(1)[0]})
    with _api(intake.settings, away) as client:
        found = client.get("/sources").raise_for_status().json()
        assert {each["waiting"] for each in found["sources"]} == {None}
        assert {(each["rejected"], each["accepted"]) for each in found["senders"]} == {(None, None)}


def test_only_an_operator_may_map_again_and_sees_how_far_it_is(
    intake: IntakeProcess, module_database: PostgresSettings
) -> None:
    """Dagster is away here; `tests/e2e/test_map_again.py` lets it work."""
    tokens = {"auth": "required", "jwt_secret": SecretStr(SECRET)}
    nobody = intake.settings.dagster.model_copy(update={"webserver_port": free_ports(1)[0]})
    secured = intake.settings.model_copy(
        update={"api": intake.settings.api.model_copy(update=tokens), "dagster": nobody}
    )
    json_body = {"Content-Type": "application/json"}
    requests = (
        ("POST", "/operate/sources/stripe/map", 503),
        ("POST", "/operate/sources/..%2Fx/map", 404),
        ("POST", "/operate/sources/X/map", 422),
        ("GET", f"/operate/runs/{uuid4()}", 503),
        ("GET", "/operate/runs/x", 422),
    )
    with _api(secured, module_database) as client:
        for method, path, status in requests:
            for scope, expected in (("read", 403), ("operate", status)):
                token = {"Authorization": f"Bearer {sign(claims(scope=scope))}"}
                answer = client.request(method, path, headers=token | json_body)
                assert answer.status_code == (404 if status == 404 else expected), (path, scope, answer.text)


def test_an_unknown_source_is_not_found(client: httpx.Client) -> None:
    assert client.get("/sources/nobody/failed").status_code == 404
    answer = client.post("/sources/nobody/try", json={"payload": "{}"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no source 'nobody'.")
    assert client.get("/sources/stripe%3Fx/failed").status_code == 422


def test_without_intake_it_says_so(
    settings: Settings, module_database: PostgresSettings, intake: IntakeProcess
) -> None:
    nobody = settings.intake.model_copy(update={"port": free_ports(1)[0]})
    other_key = intake.settings.intake.model_copy(update={"internal_key": SecretStr("another")})
    no_key = intake.settings.intake.model_copy(update={"internal_key": None})
    for own in (nobody, other_key, no_key):
        with _api(settings.model_copy(update={"intake": own}), module_database) as client:
            for answer in (
                client.get("/sources"),
                client.get("/sources/stripe/failed"),
                client.post("/sources/stripe/try", json={"payload": "{}"}),
            ):
                assert (answer.status_code, answer.json()["code"]) == (503, "intake_unavailable")
                assert answer.headers["Retry-After"]


def test_it_needs_the_scope_that_rejected_records_need(
    intake: IntakeProcess, module_database: PostgresSettings
) -> None:
    tokens = {"auth": "required", "jwt_secret": SecretStr(SECRET)}
    secured = intake.settings.model_copy(update={"api": intake.settings.api.model_copy(update=tokens)})
    with _api(secured, module_database) as client:
        for path in ("/sources", "/sources/stripe/failed", "/rejected"):
            assert client.get(path).status_code == 401
            for scope, status in (("read", 200), ("operate", 403)):
                token = {"Authorization": f"Bearer {sign(claims(scope=scope))}"}
                assert client.get(path, headers=token).status_code == status


@pytest.mark.parametrize("sent", [{}, {"Authorization": f"Bearer {KEY}x"}, {"Authorization": "Bearer"}])
def test_intake_tells_nobody_else(intake: IntakeProcess, sent: dict[str, str]) -> None:
    assert intake.client.get(PATH, headers=sent).status_code == 401
    assert intake.client.get(f"{PATH}/stripe/failed", headers=sent).status_code == 401
    large = b"x" * 1_000_000
    assert intake.client.post(f"{PATH}/stripe/try", content=large, headers=sent).status_code == 401


def test_intake_without_a_key_tells_nobody(intake: IntakeProcess, tmp_path: Path) -> None:
    with IntakeProcess(intake.settings, tmp_path, internal_key=None) as keyless:
        for sent in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer None"}):
            assert keyless.client.get(PATH, headers=sent).status_code == 401
