"""The published schemas say what the rules say: generated, current, valid, and in step with the corpus."""

import decimal
import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from core import schemas
from core.clock import utc_now
from core.events import DIMENSIONS, EVENT_TIME_PATTERN, FIELDS, RejectReason
from core.topics import EVENTS_RAW
from tests.corpus import RECORDS, Record

BEFORE_FIELDS = {RejectReason.NOT_UTF8, RejectReason.NOT_JSON}
BEYOND_SCHEMA = {
    RejectReason.LATE,
    RejectReason.FUTURE,
    RejectReason.AMOUNT_TOO_PRECISE,
    RejectReason.TOO_LARGE,
}

formats = FormatChecker(formats=())


def is_date_time(value: object) -> bool:
    """Whether the contract's pattern names an instant that exists (30 February matches, too)."""
    if not isinstance(value, str):
        return True
    if re.fullmatch(EVENT_TIME_PATTERN[1:-1], value) is None:
        return False
    to_the_microsecond = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", value)
    return datetime.fromisoformat(to_the_microsecond).tzinfo is not None


formats.checks("date-time", raises=ValueError)(is_date_time)


@pytest.fixture(scope="module", autouse=True)
def exact_decimals() -> Iterator[None]:
    """As many digits as the longest number in the corpus has."""
    with decimal.localcontext(prec=2000):
        yield


def read(text: str) -> Any:
    """JSON with numbers as they are written."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = read((schemas.FOLDER / "event.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(ecma_anchors(schema), format_checker=formats)


def ecma_anchors(schema: Any) -> Any:
    """Patterns with JSON Schema's own meaning of `$`: the end, not the place before a last newline."""
    for rules in schema["properties"].values():
        if "pattern" in rules:
            rules["pattern"] = rules["pattern"].removesuffix("$") + r"\Z"
    return schema


def test_the_committed_documents_are_current() -> None:
    for path, text in schemas.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `python -m core.schemas`"


def test_the_schema_is_itself_valid_and_takes_its_example(validator: Draft202012Validator) -> None:
    schema = schemas.event_schema()
    Draft202012Validator.check_schema(schema)
    for example in schema["examples"]:
        validator.validate(read(json.dumps(example)))


def test_the_schema_knows_every_field_and_asks_for_it() -> None:
    schema = schemas.event_schema()
    assert schema["required"] == [field.name for field in FIELDS]
    optional = {dimension.name for dimension in DIMENSIONS}
    assert set(schema["properties"]) == {*schema["required"], *optional, "schemaVersion"}
    for name in optional:
        assert set(schema["properties"][name]) == {"description", "examples"}, "nothing that could reject"
    for field in FIELDS:
        assert schema["properties"][field.name].get("enum", []) == list(field.allowed)


WELL_FORMED = [
    record
    for record in RECORDS
    if record.template is not None and record.reason not in BEFORE_FIELDS | BEYOND_SCHEMA
]


@pytest.mark.parametrize("record", WELL_FORMED, ids=lambda record: record.name)
def test_the_schema_and_the_corpus_agree(record: Record, validator: Draft202012Validator) -> None:
    payload = record.payload(utc_now())
    assert payload is not None
    faults = [fault.message for fault in validator.iter_errors(read(payload.decode()))]
    assert bool(faults) == (record.reason is not None), faults


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_strict_parser_and_the_corpus_agree(record: Record) -> None:
    payload = record.payload(utc_now())
    if record.reason in BEFORE_FIELDS:
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(payload if payload is not None else b"")
    else:
        assert payload is not None
        # orjson alone limits numbers to what a double holds; RFC 8259 does not.
        orjson.loads(re.sub(rb"1e[0-9]{3,}", b"1e40", payload))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_utf8_is_validated_before_json(record: Record) -> None:
    payload = record.payload(utc_now())
    if record.reason is RejectReason.NOT_UTF8:
        assert payload is not None
        with pytest.raises(UnicodeDecodeError):
            payload.decode()
    elif payload is not None:
        payload.decode()


def test_the_corpus_has_records_for_every_verdict_under_names_of_their_own() -> None:
    assert {record.reason for record in RECORDS} == {None, *RejectReason}
    assert len({record.name for record in RECORDS}) == len(RECORDS)


MUTATIONS = {
    "missing id": lambda event: event.pop("id"),
    "null id": lambda event: event.update(id=None),
    "number for a string": lambda event: event.update(orderId=7),
    "string for a number": lambda event: event.update(amount="129.95"),
    "NUL": lambda event: event.update(userId="a\0b"),
    "empty": lambda event: event.update(orderId=""),
    "51 characters": lambda event: event.update(userId="u" * 51),
    "blank id": lambda event: event.update(id="\t "),
    "unknown type": lambda event: event.update(eventType="order_teleported"),
    "unknown currency": lambda event: event.update(currency="EUR"),
    "unknown status": lambda event: event.update(status="done"),
    "no zone": lambda event: event.update(eventTime="2026-03-01T09:30:00"),
    "no such day": lambda event: event.update(eventTime="2026-02-30T09:30:00Z"),
    "negative": lambda event: event.update(amount=Decimal("-0.01")),
    "too large": lambda event: event.update(amount=Decimal(10) ** 13),
}


@pytest.mark.parametrize("rule", MUTATIONS)
def test_one_mutation_of_the_example_is_refused(rule: str, validator: Draft202012Validator) -> None:
    event = read(json.dumps(schemas.event_schema()["examples"][0]))
    MUTATIONS[rule](event)
    assert len(list(validator.iter_errors(event))) >= 1


def test_unknown_fields_are_allowed(validator: Draft202012Validator) -> None:
    validator.validate(read(json.dumps(schemas.event_schema()["examples"][0] | {"channel": "web"})))


def references(node: Any) -> Iterator[str]:
    """Every `$ref` below `node`."""
    match node:
        case {"$ref": str(target)}:
            yield target
        case dict():
            for child in node.values():
                yield from references(child)
        case list():
            for child in node:
                yield from references(child)


def test_the_asyncapi_document_is_whole() -> None:
    document = schemas.asyncapi()
    assert document["asyncapi"].startswith("3.")
    assert {"title", "version"} <= set(document["info"])
    targets = list(references(document))
    assert targets
    for target in targets:
        node = document
        for part in target.removeprefix("#/").split("/"):
            node = node[part]


def test_the_asyncapi_document_describes_the_topic_and_the_event() -> None:
    document = schemas.asyncapi()
    channel = document["channels"][EVENTS_RAW.name]
    assert channel["address"] == EVENTS_RAW.name
    assert channel["bindings"]["kafka"]["partitions"] == EVENTS_RAW.partitions
    assert document["components"]["messages"]["event"]["payload"] == schemas.event_schema()
    assert {operation["action"] for operation in document["operations"].values()} == {"send", "receive"}
    assert set(document["x-reject-reasons"]) == {reason.value for reason in RejectReason}
