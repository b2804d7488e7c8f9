"""The mix: shares, what each kind of record is, and that a seed repeats a run."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import jsonschema
import pytest

from core.errors import SettingsError
from core.schemas import event_schema
from generator.journeys import Journeys
from generator.mix import OLDEST_LATE, Shares, TrafficMix
from generator.records import Kind, Record

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def draw(shares: Shares, count: int, seed: int = 1) -> list[Record]:
    rng = Random(seed)
    mix = TrafficMix(rng, Journeys(rng, 5.0), shares, lambda: NOW)
    return [mix.next_record() for _ in range(count)]


def share(records: list[Record], kind: Kind) -> float:
    return sum(record.kind is kind for record in records) / len(records)


def test_shares_are_kept() -> None:
    records = draw(Shares(invalid=0.1, duplicate=0.05), 20_000)
    assert share(records, Kind.INVALID) == pytest.approx(0.1, abs=0.007)
    assert share(records, Kind.DUPLICATE) == pytest.approx(0.05, abs=0.005)


def test_without_shares_all_is_valid_and_on_time() -> None:
    for record in draw(Shares(), 500):
        assert record.kind is Kind.VALID
        assert json.loads(record.value or b"")["eventTime"] == "2026-03-01T09:30:00.000000Z"


def test_valid_events_keep_the_contract() -> None:
    exact = json.loads(json.dumps(event_schema()), parse_float=Decimal)
    schema = jsonschema.Draft202012Validator(exact)
    for record in draw(Shares(duplicate=0.2, late=0.2), 1_000):
        event = json.loads(record.value or b"", parse_float=Decimal)
        schema.validate(event)
        assert record.key == event["orderId"].encode()
        assert record.event_id == event["id"]


def test_a_duplicate_is_its_original_again() -> None:
    seen: dict[str | None, Record] = {}
    for record in draw(Shares(duplicate=0.3), 1_000):
        if record.kind is Kind.DUPLICATE:
            assert record == seen[record.event_id]._replace(kind=Kind.DUPLICATE)
        else:
            assert record.event_id not in seen
            seen[record.event_id] = record


def test_the_first_record_cannot_be_a_duplicate() -> None:
    assert draw(Shares(duplicate=1.0), 1)[0].kind is Kind.VALID


def test_late_events_are_late_but_acceptable() -> None:
    times = [json.loads(record.value or b"")["eventTime"] for record in draw(Shares(late=1.0), 500)]
    ages = [NOW - datetime.fromisoformat(text) for text in times]
    assert all(timedelta(0) <= age <= OLDEST_LATE for age in ages)
    assert max(ages) > timedelta(minutes=3)


def test_the_same_seed_repeats_the_run() -> None:
    shares = Shares(invalid=0.1, duplicate=0.1, late=0.1)
    assert draw(shares, 1_000, seed=5) == draw(shares, 1_000, seed=5)
    assert draw(shares, 1_000, seed=5) != draw(shares, 1_000, seed=6)


def test_shares_above_one_are_refused() -> None:
    with pytest.raises(SettingsError, match="exceed 1"):
        Shares(invalid=0.7, duplicate=0.4)
