"""Real senders' messages and the events that must come out of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from core.currencies import DEFAULT_CURRENCIES
from core.events import DIMENSIONS, FIELDS, Dimension
from intake import exact_json
from intake.mapping.errors import UnmappedError
from intake.mapping.mapper import Mapped, map_request
from intake.mapping.registry import Registry
from intake.mapping.verdict import verdicts
from intake.received import Received
from intake.source_cli import TEMPLATE
from tests.intake.senders import ALL_FIXTURES, Fixture, fixture
from tests.truth import OPTIONAL

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SOURCES = Registry(Path("/nowhere"))
NOT_LISTED = {"EUR", "JPY", "KWD"}
"""Currencies that the contract does not list: they map, and the stream rejects them by name."""


def events_of(message: Fixture) -> list[Mapped]:
    source = SOURCES.get(message.source)
    assert source is not None
    return map_request(source, message.received, NOW)


@pytest.mark.parametrize("message", ALL_FIXTURES, ids=str)
def test_a_message_gives_its_events(message: Fixture) -> None:
    if message.expected is None:
        with pytest.raises(UnmappedError) as raised:
            events_of(message)
        assert raised.value.reason == message.unmapped
        return
    found = events_of(message)
    assert [event.fields for event in found] == message.expected, message.title
    for event in found:
        assert exact_json.loads(event.value) == event.fields
        assert event.key.decode() == event.fields["orderId"]


@pytest.mark.parametrize("message", [each for each in ALL_FIXTURES if each.expected], ids=str)
def test_the_contract_accepts_the_events(message: Fixture) -> None:
    for event in events_of(message):
        known = [dimension.name for dimension in DIMENSIONS if dimension.name in event.fields]
        assert list(event.fields) == [*(field.name for field in FIELDS), *known]
        assert [each.name for each in verdicts(event, NOW, DEFAULT_CURRENCIES)] == list(event.fields)
        assert UUID(event.fields["id"]).version == 5
        faults = {each.name for each in verdicts(event, NOW, DEFAULT_CURRENCIES) if each.fault}
        assert faults == ({"currency"} if event.fields["currency"] in NOT_LISTED else set())


@pytest.mark.parametrize("name", SOURCES.names())
def test_every_source_has_messages_with_and_without_events(name: str) -> None:
    of_source = [each for each in ALL_FIXTURES if each.source == name]
    assert any(each.expected for each in of_source)
    source = SOURCES.get(name)
    assert source is not None
    assert source.setup


def one(source: str, name: str) -> Mapped:
    (event,) = events_of(fixture(source, name))
    return event


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("stripe", ["payment_succeeded_usd", "charge_succeeded", "checkout_completed"]),
        ("stripe", ["payment_failed", "charge_failed"]),
        ("stripe", ["refund_created", "refund_updated"]),
        ("paypal", ["capture_completed", "order_completed"]),
    ],
)
def test_messages_of_one_payment_are_one_event(source: str, names: list[str]) -> None:
    assert len({one(source, name).fields["id"] for name in names}) == 1


def test_other_events_have_other_ids() -> None:
    by_id: dict[str, set[tuple[str, str, str]]] = {}
    for message in ALL_FIXTURES:
        for fields in message.expected or ():
            told = (message.source, fields["eventType"], fields["orderId"])
            by_id.setdefault(fields["id"], set()).add(told)
    assert all(len(told) == 1 for told in by_id.values())
    orders = {fields["orderId"] for message in ALL_FIXTURES for fields in message.expected or ()}
    assert orders.isdisjoint(by_id), "the order's id is not the event's"


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda dimension: dimension.name)
def test_several_senders_fill_each_optional_field(dimension: Dimension) -> None:
    filled = {
        message.source
        for message in ALL_FIXTURES
        for fields in message.expected or ()
        if dimension.name in fields
    }
    assert len(filled) >= 2


def test_an_optional_field_that_cannot_be_used_is_left_out(tmp_path: Path) -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    source = Registry(tmp_path).get("mine")
    assert source is not None
    order = {
        "number": "O1",
        "total": "1.50",
        "currency": "usd",
        "payment_method": " Card ",
        "channel": ["web"],
    }
    body = {"type": "order.paid", "at": "2026-03-01T09:30:00Z", "order": order | {"country": "a b"}}
    (event,) = map_request(source, Received(json.dumps(body).encode(), "", {}), NOW)
    assert {name: event.fields.get(name) for name in OPTIONAL} == {
        "paymentMethod": "card",
        "channel": None,
        "country": None,
        "failureReason": None,
    }


def test_a_later_change_of_an_order_repeats_the_event_of_its_payment() -> None:
    paid = one("woocommerce", "updated_paid").fields["id"]
    assert fixture("woocommerce", "updated_dispatched").expected == []
    assert paid == "3a2867cd" + paid[8:], "ids are stable: another one would count every payment again"
