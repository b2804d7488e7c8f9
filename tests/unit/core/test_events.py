"""The event contract, in its own words: a change in `core.events` has to be meant."""

import json
import re
from datetime import timedelta

import pytest

from core import events
from core.events import DIMENSIONS, FIELDS, Dimension, EventStatus, EventType, RejectReason
from tests.corpus.records import OPTIONAL_LITERALS
from tests.truth import COUNTED, OPTIONAL, optional_of


def test_the_enumerations_are_the_contract() -> None:
    assert [str(value) for value in EventType] == list(COUNTED)
    assert [str(value) for value in EventStatus] == ["success", "failed", "pending"]


def test_the_fields_are_the_contract() -> None:
    assert {field.name: (field.kind, field.column) for field in FIELDS} == {
        "id": ("identifier", "id"),
        "eventTime": ("event_time", "event_time"),
        "eventType": ("enumeration", "event_type"),
        "orderId": ("identifier", "order_id"),
        "userId": ("identifier", "user_id"),
        "amount": ("amount", "amount"),
        "currency": ("enumeration", "currency"),
        "status": ("enumeration", "status"),
    }
    assert [field.name for field in FIELDS if field.trimmed] == ["id"]


def test_the_optional_fields_are_the_contract() -> None:
    assert {dimension.name: dimension.column for dimension in DIMENSIONS} == OPTIONAL
    assert [dimension.name for dimension in DIMENSIONS if dimension.upper] == ["country"]
    assert events.MAX_DIMENSION_LENGTH == 30


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda dimension: dimension.name)
def test_an_optional_field_is_read_as_the_contract_says(dimension: Dimension) -> None:
    values = [json.loads(literal) for literal in OPTIONAL_LITERALS]
    found = [dimension.read(value) for value in values]
    assert found == [optional_of({dimension.name: value}, dimension.name) for value in values]
    assert {"CARD" if dimension.upper else "card", ""} < set(found)


def test_the_limits_are_the_contract() -> None:
    assert events.MAX_ID_LENGTH == 50
    assert (events.AMOUNT_PRECISION, events.AMOUNT_SCALE) == (15, 2)
    assert timedelta(minutes=5) == events.LATENESS_LIMIT
    assert timedelta(minutes=1) == events.FUTURE_LIMIT
    assert events.SCHEMA_VERSION == 1


def test_the_general_reasons_come_before_the_particular_ones() -> None:
    assert [str(reason) for reason in RejectReason] == [
        "too_large", "not_utf8", "not_json", "not_an_object", "missing_field", "wrong_type", "bad_character", "bad_length",
        "not_allowed", "bad_event_time", "amount_negative", "amount_too_precise", "amount_too_large", "late",
        "future",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T09:30:00Z", "2026-03-01T09:30:00.1Z", "2026-03-01T09:30:00.123456789-14:59"],
)
def test_times_with_a_zone_match(text: str) -> None:
    assert re.search(events.EVENT_TIME_PATTERN, text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T09:30:00", "2026-03-01", "2026-03-01 09:30:00Z", "2026-3-01T09:30:00Z",
        "2026-00-01T09:30:00Z", "2026-13-01T09:30:00Z", "2026-03-00T09:30:00Z", "2026-03-32T09:30:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T09:60:00Z", "2026-03-01T09:30:60Z", "2026-03-01T09:30:00.Z",
        "2026-03-01T09:30:00.1234567890Z", "2026-03-01T09:30:00+15:00", "2026-03-01T09:30:00+07:60",
        "2026-03-01T09:30:00+0700", "2026-03-01T09:30Z", "2026-03-01t09:30:00z", "x2026-03-01T09:30:00Z",
        "2026-03-01T09:30:00Zx", "02026-03-01T09:30:00Z", "2026-03-01T09:30:00 Z",
    ],
)  # fmt: skip
def test_anything_else_does_not(text: str) -> None:
    assert not re.search(events.EVENT_TIME_PATTERN, text)
