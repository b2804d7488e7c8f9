"""Cursors: what goes in comes out, and nothing else is taken."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import Position, decode_cursor, encode_cursor, fingerprint
from api.edge.problems import ParameterError
from api.routes.events import EventQuery

KINDS = (datetime, str, int)
POSITION = (datetime(2026, 3, 1, 9, 30, 0, 123_456, tzinfo=UTC), "ORD-1/ü", 7)
MARK = fingerprint("events", EventQuery())


def query(**filters: object) -> EventQuery:
    return EventQuery.model_validate(filters)


@given(
    st.tuples(
        st.integers(0, 10**10).map(lambda number: datetime.fromtimestamp(10**9 + number / 10, UTC)),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=50),
        st.integers(0, 2**62),
    ).filter(lambda position: position[0].year < 2200)
)
def test_a_position_comes_back(position: Position) -> None:
    cursor = encode_cursor(position, MARK)
    assert decode_cursor(cursor, MARK, KINDS) == position
    assert cursor.isascii()
    assert len(cursor) <= 1024


def test_the_page_is_no_filter_and_the_order_of_values_is_none() -> None:
    assert fingerprint("events", query(limit=5, cursor="x")) == MARK
    assert fingerprint("events", query(currency=["USD", "VND"])) == fingerprint(
        "events", query(currency=["VND", "USD"])
    )


def test_other_filters_have_another_fingerprint() -> None:
    others = [
        fingerprint("events", query(**{name: value}))
        for name, value in (
            ("currency", ["USD"]),
            ("status", ["success"]),
            ("order_id", "a"),
            ("user_id", "a"),
            ("q", "a"),
            ("from", "2026-03-01T09:30:00Z"),
            ("to", "2026-03-01T09:30:00Z"),
        )
    ]
    assert len({MARK, fingerprint("rejected", query()), *others}) == len(others) + 2


def test_a_cursor_of_other_filters_reports_it() -> None:
    with pytest.raises(ParameterError, match="other filters"):
        decode_cursor(encode_cursor(POSITION, MARK), fingerprint("events", query(currency=["USD"])), KINDS)


@pytest.mark.parametrize("place", range(0, len(encode_cursor(POSITION, MARK)), 3))
def test_a_cursor_that_was_changed_or_cut_off_is_refused(place: int) -> None:
    cursor = encode_cursor(POSITION, MARK)
    other = "A" if cursor[place] != "A" else "B"
    for damaged in (cursor[:place] + other + cursor[place + 1 :], cursor[:place]):
        with pytest.raises(ParameterError, match="cursor"):
            decode_cursor(damaged, MARK, KINDS)


@pytest.mark.parametrize(
    "position",
    [(), POSITION[:2], (*POSITION, 1), ("yesterday", "a", 1), (POSITION[0], 1, 1), (POSITION[0], "a", "1"),
     (POSITION[0], "a\0", 1), (POSITION[0], "a", True)],
)  # fmt: skip
def test_a_cursor_that_somebody_made_up_is_refused(position: Position) -> None:
    with pytest.raises(ParameterError, match="not a cursor of this API"):
        decode_cursor(encode_cursor(position, MARK), MARK, KINDS)


@pytest.mark.parametrize("cursor", ["A", "AAAA", "AAAAAAAAAAAA", "ü", "=" * 8, "-_" * 40])
def test_noise_is_refused(cursor: str) -> None:
    with pytest.raises(ParameterError, match="cursor"):
        decode_cursor(cursor, MARK, KINDS)
