"""Order journeys: a consistent state machine with the contract's weights, repeatable by its seed."""

import itertools
from collections import Counter, defaultdict
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.currencies import decimals_of
from core.events import DIMENSIONS, FIELDS, EventType
from generator.journeys import (
    CHANNELS,
    COUNTRIES,
    FAILURE_REASONS,
    PATHS,
    PAYMENT_METHODS,
    WEIGHTS,
    Journeys,
    Outcome,
    draw_amount,
    draw_uuid,
)

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
EVENTS = 60_000


def draw(seed: int, count: int, rate: float = 5.0) -> list[dict[str, Any]]:
    journeys = Journeys(Random(seed), rate)
    return [journeys.next_event(NOW) for _ in range(count)]


@pytest.fixture(scope="module")
def orders() -> dict[str, list[dict[str, Any]]]:
    grouped = defaultdict(list)
    for event in draw(seed=1, count=EVENTS):
        grouped[event["orderId"]].append(event)
    return grouped


def types(events: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(event["eventType"] for event in events)


def test_every_order_follows_a_path_step_by_step(orders: dict[str, list[dict[str, Any]]]) -> None:
    prefixes = {path[:length] for path in PATHS.values() for length in range(1, len(path) + 1)}
    assert {types(events) for events in orders.values()} <= prefixes


def test_an_order_keeps_its_user_amount_and_currency(orders: dict[str, list[dict[str, Any]]]) -> None:
    for events in orders.values():
        assert len({(event["userId"], event["amount"], event["currency"]) for event in events}) == 1


def test_the_optional_fields_are_of_the_order_and_plausible(orders: dict[str, list[dict[str, Any]]]) -> None:
    counts: dict[str, Counter[str]] = {dimension.name: Counter() for dimension in DIMENSIONS}
    for events in orders.values():
        assert len({(each["paymentMethod"], each["channel"], each["country"]) for each in events}) == 1
        for event in events:
            assert ("failureReason" in event) == (event["eventType"] == EventType.PAYMENT_FAILED)
            for dimension in DIMENSIONS:
                if dimension.name in event:
                    assert dimension.read(event[dimension.name]) == event[dimension.name]
                    counts[dimension.name][event[dimension.name]] += 1
            names = [field.name for field in (*FIELDS, *DIMENSIONS) if field.name in event]
            assert list(event) == names, "the order that is read the fastest"
    assert all(3 <= len(each) < 10 for each in counts.values()), counts
    in_web = counts["channel"]["web"] / counts["channel"].total()
    assert in_web == pytest.approx(CHANNELS["web"] / 100, abs=0.02)


@pytest.mark.parametrize(
    "weights",
    [*PAYMENT_METHODS.values(), CHANNELS, *COUNTRIES.values(), FAILURE_REASONS],
    ids="-".join,
)
def test_weights_are_percent(weights: dict[str, int]) -> None:
    assert sum(weights.values()) == 100


def test_the_status_belongs_to_the_step(orders: dict[str, list[dict[str, Any]]]) -> None:
    for events in orders.values():
        for event in events:
            assert event["status"] == EventType(event["eventType"]).status


def test_the_outcomes_have_the_weights_of_the_contract(orders: dict[str, list[dict[str, Any]]]) -> None:
    settled = list(orders.values())[: len(orders) - 500]  # the last ones are still under way
    shares = dict.fromkeys(Outcome, 0.0)
    outcome_of = {tuple(map(str, path)): outcome for outcome, path in PATHS.items()}
    for events in settled:
        shares[outcome_of[types(events)]] += 100 / len(settled)
    assert shares == pytest.approx(WEIGHTS, abs=1.0)  # over 20,000 orders: three standard deviations
    assert sum(WEIGHTS.values()) == 100
    assert WEIGHTS[Outcome.FAILED] + WEIGHTS[Outcome.CANCELLED] == 10


def test_orders_are_interleaved() -> None:
    events = draw(seed=2, count=1_000)
    follows_itself = sum(a["orderId"] == b["orderId"] for a, b in itertools.pairwise(events))
    assert follows_itself < 50


@pytest.mark.parametrize("rate", [0.1, 5, 1000])
def test_the_same_seed_gives_the_same_events(rate: float) -> None:
    assert draw(3, 500, rate) == draw(3, 500, rate)
    assert draw(3, 500, rate) != draw(4, 500, rate)


def test_delays_follow_the_rate() -> None:
    def first_payment(rate: float) -> int:
        return types(draw(5, 20_000, rate)).index(EventType.PAYMENT_INITIATED)

    assert first_payment(0.1) <= 3
    assert 900 <= first_payment(1_000) <= 2_000


def test_ids_are_distinct_version_4_uuids() -> None:
    rng = Random(6)
    ids = [draw_uuid(rng) for _ in range(10_000)]
    assert len(set(ids)) == len(ids)
    assert all(UUID(text).version == 4 and str(UUID(text)) == text for text in ids)
    assert {UUID(text).variant for text in ids} == {UUID(ids[0]).variant}


@given(seed=st.integers(), currency=st.sampled_from(["VND", "USD", "JPY", "EUR"]))
def test_amounts_have_the_decimals_of_their_currency(seed: int, currency: str) -> None:
    amount = draw_amount(Random(seed), currency)
    assert 0 <= amount < 10**13
    assert amount == round(amount, decimals_of(currency))
