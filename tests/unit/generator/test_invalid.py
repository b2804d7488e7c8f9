"""Records made invalid: one way at least for every reason, and each breaks what it says."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import jsonschema
import orjson
import pytest

from core.events import FUTURE_LIMIT, LATENESS_LIMIT, MAX_RECORD_BYTES, RejectReason
from core.schemas import event_schema
from generator.invalid import MUTATORS, Mutator, break_event
from generator.journeys import Journeys

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
BEFORE_THE_SCHEMA = (RejectReason.NOT_UTF8, RejectReason.NOT_JSON)
RELATIVE_TO_KAFKA = (RejectReason.LATE, RejectReason.FUTURE)
BEYOND_THE_SCHEMA = (RejectReason.TOO_LARGE, RejectReason.AMOUNT_TOO_PRECISE)
"""What a schema cannot say, of text or of numbers in doubles."""
IMPOSSIBLE_DATES = {"bad_event_time.february_30"}
"""What a pattern cannot see: the job's rules parse the time besides."""


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    exact = json.loads(json.dumps(event_schema()), parse_float=Decimal)
    return jsonschema.Draft202012Validator(exact)


def event() -> dict[str, Any]:
    return Journeys(Random(1), 5.0).next_event(NOW)


def parse(value: bytes) -> Any:
    """Numbers as they are written."""
    return json.loads(value, parse_float=Decimal)


def named(mutator: Mutator) -> str:
    return mutator.name


def of(*reasons: RejectReason) -> list[Mutator]:
    return [mutator for mutator in MUTATORS if mutator.reason in reasons]


def test_every_reason_has_a_mutator() -> None:
    assert {mutator.reason for mutator in MUTATORS} == set(RejectReason)


def test_a_mutator_is_named_by_its_reason() -> None:
    names = [mutator.name for mutator in MUTATORS]
    assert len(set(names)) == len(names)
    assert all(mutator.name.startswith(f"{mutator.reason}.") for mutator in MUTATORS)


@pytest.mark.parametrize("mutator", of(RejectReason.NOT_UTF8), ids=named)
def test_not_utf8(mutator: Mutator) -> None:
    value = mutator.mutate(event(), NOW)
    assert value is not None
    with pytest.raises(UnicodeDecodeError):
        value.decode()


@pytest.mark.parametrize("mutator", of(RejectReason.NOT_JSON), ids=named)
def test_not_json(mutator: Mutator) -> None:
    value = mutator.mutate(event(), NOW)
    if value is not None:
        value.decode()
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(value)


@pytest.mark.parametrize(
    "mutator",
    [
        m
        for m in MUTATORS
        if m.reason not in BEFORE_THE_SCHEMA + BEYOND_THE_SCHEMA + RELATIVE_TO_KAFKA
        and m.name not in IMPOSSIBLE_DATES
    ],
    ids=named,
)
def test_json_that_the_schema_refuses(mutator: Mutator, schema: jsonschema.Draft202012Validator) -> None:
    value = mutator.mutate(event(), NOW)
    assert value is not None
    assert not schema.is_valid(parse(value))


@pytest.mark.parametrize("mutator", of(*RELATIVE_TO_KAFKA), ids=named)
def test_late_and_future_keep_the_schema_and_break_the_limit(
    mutator: Mutator, schema: jsonschema.Draft202012Validator
) -> None:
    value = mutator.mutate(event(), NOW)
    assert value is not None
    schema.validate(parse(value))
    ahead = datetime.fromisoformat(parse(value)["eventTime"]) - NOW
    margin = timedelta(seconds=30)
    assert (
        ahead > FUTURE_LIMIT + margin
        if mutator.reason is RejectReason.FUTURE
        else ahead < -LATENESS_LIMIT - margin
    )


@pytest.mark.parametrize("mutator", of(RejectReason.AMOUNT_TOO_PRECISE), ids=named)
def test_an_amount_that_is_too_precise(mutator: Mutator) -> None:
    value = mutator.mutate(event(), NOW)
    assert value is not None
    assert parse(value)["amount"].as_tuple().exponent < -2


def test_a_record_that_is_too_large_is_so_by_its_note_alone(schema: jsonschema.Draft202012Validator) -> None:
    (mutator,) = of(RejectReason.TOO_LARGE)
    value = mutator.mutate(event(), NOW)
    assert value is not None
    assert MAX_RECORD_BYTES < len(value) < MAX_RECORD_BYTES + 1000
    schema.validate(parse(value))


@pytest.mark.parametrize("mutator", of(RejectReason.BAD_EVENT_TIME), ids=named)
def test_a_bad_time_is_no_time_with_a_zone(mutator: Mutator) -> None:
    value = mutator.mutate(event(), NOW)
    assert value is not None
    text = parse(value)["eventTime"]
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return
    assert parsed.tzinfo is None or "T" not in text or parsed.utcoffset() == timedelta(hours=15)


def test_all_reasons_come_up_equally_often() -> None:
    rng = Random(7)
    drawn = [break_event(rng, event(), NOW)[1].reason for _ in range(2_800)]
    counts = [drawn.count(reason) for reason in RejectReason]
    assert min(counts) > 140
    assert max(counts) < 260
