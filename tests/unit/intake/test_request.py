"""What a request's body holds: events in every form, gzip, limits of size, number and rate."""

import gzip
import json
from decimal import Decimal

import orjson
import pytest

from core.schemas import event_schema
from intake import exact_json
from intake.body import unpacked
from intake.events import CLOUD_EVENT, CLOUD_EVENTS, records
from intake.problems import ProblemError
from intake.rate import RateLimit

EVENT = event_schema()["examples"][0]
TEXT = json.dumps(EVENT, indent=1)
CLOUD = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order", "data": EVENT}


def values(body: str | bytes, content_type: str = "application/json", most: int = 10) -> list[bytes]:
    raw = body if isinstance(body, bytes) else body.encode()
    return [record.value for record in records(raw, content_type, "shop", most)]


def problem(body: str | bytes, content_type: str = "application/json", most: int = 10) -> ProblemError:
    with pytest.raises(ProblemError) as raised:
        values(body, content_type, most)
    return raised.value


def test_an_event_is_passed_on_byte_for_byte() -> None:
    (record,) = records(TEXT.encode(), "application/json; charset=utf-8", "shop", 10)
    assert record.value == TEXT.encode()
    assert record.key == EVENT["orderId"].encode()
    assert record.headers == (("orderpulse-source", b"shop"),)


def test_so_is_each_event_of_a_list() -> None:
    odd = '{"amount": 1.10, "orderId": "A", "amount": 1.1000000000000000001}'
    assert values(f" [ {TEXT} ,\n{odd}] ") == [TEXT.encode(), odd.encode()]


def test_a_line_is_passed_on_even_if_it_is_no_json() -> None:
    lines = f"{json.dumps(EVENT)}\n\nnot json\r\n"
    assert values(lines, "application/x-ndjson") == [json.dumps(EVENT).encode(), b"not json"]


def test_cloud_events_are_opened() -> None:
    exact = '{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"orderId":"A","amount":1.10}}'
    assert values(exact, CLOUD_EVENT) == [b'{"orderId":"A","amount":1.10}']
    many = values(json.dumps([CLOUD, CLOUD]), CLOUD_EVENTS)
    assert [orjson.loads(value) for value in many] == [EVENT, EVENT]
    binary = values(TEXT, "application/json")
    assert binary == [TEXT.encode()], "binary mode: the event is the body"


def test_the_key_is_the_same_whenever_the_same_is_sent() -> None:
    keys = {records(b'{"id":7}', "application/json", "shop", 1)[0].key for _ in range(2)}
    assert len(keys) == 1
    assert records(b'{"id":8}', "application/json", "shop", 1)[0].key not in keys
    (lone,) = records(rb'{"orderId":"\ud83d"}', "application/json", "shop", 1)
    assert len(lone.key) == 36


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", "application/json"),
        ("[]", "application/json"),
        ("\n\n", "application/x-ndjson"),
        ("{", "application/json"),
        ("[{}", "application/json"),
        ("[{},]", "application/json"),
        ("[{}]{}", "application/json"),
        ('{"a": NaN}', "application/json"),
        (b"\xff", "application/json"),
        ("[" * 100_000, "application/json"),
        (json.dumps(CLOUD | {"specversion": "0.3"}), CLOUD_EVENT),
        (json.dumps(CLOUD | {"data": "text"}), CLOUD_EVENT),
        (json.dumps([EVENT]), CLOUD_EVENTS),
        (json.dumps(CLOUD), CLOUD_EVENTS),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(body: str | bytes, content_type: str) -> None:
    assert (problem(body, content_type).status, problem(body, content_type).code) == (400, "malformed")


def test_limits() -> None:
    assert problem("[{},{},{}]", most=2).code == "too_many_events"
    assert problem(json.dumps({"a": "x" * 1_000_000})).code == "too_large"
    assert problem(TEXT, "text/csv").status == 415
    assert problem(TEXT, "").status == 415


def test_gzip_is_unpacked_within_the_limit() -> None:
    assert unpacked(gzip.compress(b"abc"), 3) == b"abc"
    for body, status in (
        (gzip.compress(bytes(100_000_000), 9), 413),
        (gzip.compress(b"abcd"), 413),
        (gzip.compress(b"abc")[:-1], 400),
        (gzip.compress(b"abc") + b"x", 400),
        (b"abc", 400),
    ):
        with pytest.raises(ProblemError) as raised:
            unpacked(body, 3)
        assert raised.value.status == status


def test_each_sender_has_its_own_rate() -> None:
    now = [0.0]
    limit = RateLimit(2, lambda: now[0])
    for _ in range(4):
        limit.take("a")
    with pytest.raises(ProblemError) as raised:
        limit.take("a")
    assert (raised.value.status, raised.value.headers["Retry-After"]) == (429, "1")
    limit.take("b")
    now[0] = 0.5
    limit.take("a")
    with pytest.raises(ProblemError):
        limit.take("a")


@pytest.mark.parametrize(
    "number", ["1.10", "1E+400", "123456789012345678901234567890", "-0.0", "0.30000000000000004"]
)
def test_numbers_keep_their_digits(number: str) -> None:
    assert exact_json.dumps(exact_json.loads(f'{{"a": {number}}}')) == f'{{"a":{number}}}'.encode()
    assert exact_json.loads(number) == Decimal(number)
