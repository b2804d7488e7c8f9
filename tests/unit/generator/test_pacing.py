"""Rate control: exact over time, bounded after a pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.pacing import MAX_CATCH_UP_S, MAX_CHUNK, Pacer


def drive(pacer: Pacer, until: float, step_s: float) -> int:
    return sum(pacer.take(tick * step_s) for tick in range(round(until / step_s) + 1))


@pytest.mark.parametrize("rate", [0.1, 1, 5, 333, 5_000])
def test_the_rate_is_reached_without_drift(rate: float) -> None:
    assert drive(Pacer(rate, 0.0), until=1_000, step_s=0.05) == pytest.approx(1_000 * rate, abs=2)


def test_the_first_record_goes_at_once() -> None:
    assert Pacer(0.1, 100.0).take(100.0) == 1


@given(rate=st.floats(0.1, 400), pause_s=st.floats(2, 1e6))
def test_after_a_pause_the_catching_up_is_bounded(rate: float, pause_s: float) -> None:
    pacer = Pacer(rate, 0.0)
    pacer.take(0.0)
    assert pacer.take(pause_s) <= max(1, MAX_CATCH_UP_S * rate)
    assert pacer.take(pause_s) == 0


@given(rate=st.floats(0.1, 1e5), now=st.floats(0, 1e5))
def test_after_the_wait_a_record_is_owed(rate: float, now: float) -> None:
    pacer = Pacer(rate, 0.0)
    while pacer.take(now):
        pass
    assert pacer.take(now + pacer.wait_s(now) + 1e-6) >= 1


def test_a_rate_of_zero_has_no_pace() -> None:
    pacer = Pacer(0, 0.0)
    assert pacer.take(0.0) == pacer.take(0.0) == MAX_CHUNK
    assert pacer.wait_s(0.0) == 0


def test_a_new_rate_starts_without_a_jump() -> None:
    pacer = Pacer(1, 0.0)
    pacer.take(0.0)
    pacer.change_rate(100, 0.5)
    assert pacer.take(0.5) == 0
    assert pacer.take(0.75) == 25
    pacer.change_rate(100, 0.75)
    assert pacer.take(0.80) == 5
