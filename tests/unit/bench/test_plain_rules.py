"""The yardstick accepts and rejects what the contract does, or its time would prove nothing."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest

from bench.plain.rules import validate
from bench.plain.sink import _line
from generator.invalid import MUTATORS, Mutator
from generator.journeys import Journeys
from generator.mix import Shares, TrafficMix
from tests.corpus.records import OPTIONAL_LITERALS
from tests.truth import OPTIONAL, optional_of

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def event(**values: Any) -> dict[str, Any]:
    return Journeys(Random(1), 5.0).next_event(NOW) | values


@pytest.mark.parametrize("mutator", MUTATORS, ids=lambda mutator: mutator.name)
def test_every_invalid_record_is_refused(mutator: Mutator) -> None:
    assert validate(mutator.mutate(event(), NOW), NOW) is None


def test_every_valid_record_is_accepted() -> None:
    rng = Random(2)
    mix = TrafficMix(rng, Journeys(rng, 5.0), Shares(duplicate=0.1, late=0.1), lambda: NOW)
    assert all(validate(mix.next_record().value, NOW) for _ in range(2_000))


def test_the_limits_are_against_kafkas_time() -> None:
    value = orjson.dumps(event())
    assert validate(value, NOW + timedelta(minutes=5)) is not None
    assert validate(value, NOW + timedelta(minutes=5, milliseconds=1)) is None
    assert validate(value, NOW - timedelta(minutes=1)) is not None
    assert validate(value, NOW - timedelta(minutes=1, milliseconds=1)) is None


def test_text_that_copy_would_misread_is_escaped() -> None:
    row = validate(orjson.dumps(event(orderId="a\tb\\c\nd\r", userId="ü")), NOW)
    assert row is not None
    line = _line(row)
    assert line.count("\t") == 11
    assert "a\\tb\\\\c\\nd" in line
    assert line.endswith("\n")


def test_optional_fields_are_read_as_the_contract_says() -> None:
    for literal in OPTIONAL_LITERALS:
        sent = event(**dict.fromkeys(OPTIONAL, json.loads(literal)))
        row = validate(orjson.dumps(sent), NOW)
        assert row is not None
        assert row[8:] == tuple(optional_of(sent, name) for name in OPTIONAL), literal
