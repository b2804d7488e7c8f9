"""The files of sources: the shop's own come first, faults are named by their place, changes are seen."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intake import exact_json
from intake.mapping.errors import SourceError, UnmappedError
from intake.mapping.mapper import map_request
from intake.mapping.registry import BUILT_IN, Registry, read_source
from intake.received import Received

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TEMPLATE = BUILT_IN.parent / "template.yaml"
PAID = {
    "type": "order.paid",
    "at": "2026-03-01T09:30:00Z",
    "order": {"number": "A-1", "total": 49.9, "currency": "usd"},
}


def edited(folder: Path, before: str, after: str, name: str = "mine") -> Path:
    """The template with one change, as a source."""
    text = TEMPLATE.read_text(encoding="utf-8")
    assert before in text
    path = folder / f"{name}.yaml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return path


def test_the_template_maps_what_it_describes(tmp_path: Path) -> None:
    source = read_source(edited(tmp_path, "My shop", "Mine"))
    assert len(source.setup_vi) == len(source.setup) > 0
    (event,) = map_request(source, Received(exact_json.dumps(PAID)), NOW)
    assert (event.fields["eventType"], event.fields["userId"]) == ("payment_success", "guest")
    assert b'"amount":49.9,"currency":"USD"' in event.value
    assert map_request(source, Received(b'{"type": "newsletter.sent"}'), NOW) == []
    with pytest.raises(UnmappedError, match=r"no rule for the message 'order\.lost'"):
        map_request(source, Received(b'{"type": "order.lost"}'), NOW)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("scheme: bearer", "scheme: trust_me", "signature"),
        ("scheme: bearer", "scheme: hmac_body", "signature.hmac_body.header: Field required"),
        ("signature:\n  scheme: bearer\n", "", "signature: Field required"),
        (
            "event: order_created",
            "event: order_made",
            "messages.order.placed.0.event: there is no event order_made",
        ),
        (
            "amount: body.order.total",
            "amont: body.order.total",
            "messages.order.placed.0.amount: Field required",
        ),
        ("eventTime: body.at", "eventTime: {path: body.at, zone: Mars}", "no time zone 'Mars'"),
        ("userId: {path: body.order.customer, default: guest}", "userId: body.[", "is not valid JMESPath"),
        ("message: body.type", "mesage: body.type", "mesage: Extra inputs are not permitted"),
        ("fields:", "fields: 7\nrest:", "so must its `fields` and `messages`"),
        ("title: My shop", "title: [", "is not valid YAML"),
        ("title: My shop", "method: GET\ntitle: My shop", "`payload: query` goes with `method: GET`"),
        ("title: My shop", "ping: '['\ntitle: My shop", "not a regular expression"),
        ("title: My shop", "answers: {refused: {status: 200}}\ntitle: My shop", "must be 401 and 503"),
        ("title: My shop", "answers: {accepted: {status: 500}}\ntitle: My shop", "from 200 to 299"),
    ],
)
def test_a_fault_is_named_by_its_place(tmp_path: Path, before: str, after: str, says: str) -> None:
    path = edited(tmp_path, before, after)
    with pytest.raises(SourceError) as raised:
        read_source(path)
    assert says in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_shops_own_source_comes_before_the_one_of_that_name(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    assert registry.get("stripe") is not None
    edited(tmp_path, "My shop", "Our Stripe", "stripe")
    assert registry.is_own("stripe")
    found = registry.get("stripe")
    assert found is not None
    assert found.title == "Our Stripe"
    assert registry.names().count("stripe") == 1


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    registry, path = Registry(tmp_path), edited(tmp_path, "My shop", "First")
    first = registry.get("mine")
    assert first is registry.get("mine"), "read once"
    edited(tmp_path, "My shop", "Second")
    os.utime(path, (1, 1))
    second = registry.get("mine")
    assert second is not None
    assert second.title == "Second"
    path.unlink()
    assert registry.get("mine") is None


@pytest.mark.parametrize("name", ["../stripe", "Stripe", "", "a" * 40, "stripe.yaml", "stripe\n", "%2e%2e"])
def test_a_name_leads_nowhere_else(name: str) -> None:
    assert Registry(BUILT_IN).get(name) is None


def test_two_shops_with_the_same_order_numbers_have_different_events(tmp_path: Path) -> None:
    paths = [edited(tmp_path, "My shop", name, name) for name in ("north", "south")]
    body = Received(exact_json.dumps(PAID))
    ids = {map_request(read_source(path), body, NOW)[0].fields["id"] for path in paths}
    assert len(ids) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"\xff", b"[" * 200_000, b'{"type": "order.paid", "at": {}, "order": 7}'],
)
def test_whatever_is_sent_is_mapped_or_refused_in_words(tmp_path: Path, body: bytes) -> None:
    source = read_source(edited(tmp_path, "My shop", "Mine"))
    with pytest.raises(UnmappedError):
        map_request(source, Received(body), NOW)


def test_half_a_character_does_not_map(tmp_path: Path) -> None:
    source = read_source(edited(tmp_path, "My shop", "Mine"))
    body = exact_json.dumps(PAID).replace(b"A-1", rb"A-\ud83d")
    with pytest.raises(UnmappedError, match="half of a character"):
        map_request(source, Received(body), NOW)
