"""What intake remembers of each source: for how long, and how much."""

from datetime import UTC, datetime, timedelta

from intake.mapping.errors import UnmappedError
from intake.recent import KEPT, KEPT_FOR, SHOWN_BYTES, History

START = datetime(2026, 3, 1, 9, 30, 30, tzinfo=UTC)
CURRENCIES = ("VND", "USD")
ERROR = UnmappedError("no_amount", "amount: nothing")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def test_counts_are_of_the_last_hour() -> None:
    clock = Clock()
    history = History(clock, CURRENCIES)
    for minute in range(90):
        clock.now = START + timedelta(minutes=minute)
        history.note_events("shop", [], b"{}")
    assert history.last_hour("shop").without_event == 60
    assert history.last_received_at("shop") == clock.now
    clock.now += timedelta(minutes=59)
    assert history.last_hour("shop").without_event == 1
    clock.now += timedelta(minutes=1)
    assert history.last_hour("shop").without_event == 0
    assert history.last_hour("another").without_event == 0
    assert history.since == START


def test_a_refused_request_is_counted_but_was_not_received() -> None:
    history = History(Clock(), CURRENCIES)
    history.note_refused("shop", "wrong", "The signature does not fit.")
    assert history.last_hour("shop").refused == 1
    assert history.last_received_at("shop") is None
    refused = history.last_refused("shop")
    assert refused is not None
    assert (refused.code, refused.at) == ("wrong", START)


def test_the_newest_failed_messages_are_kept_for_a_day() -> None:
    clock = Clock()
    history = History(clock, CURRENCIES)
    for number in range(KEPT + 5):
        clock.now = START + timedelta(seconds=number)
        history.note_unmapped("shop", ERROR, str(number).encode())
    assert [each.payload for each in history.failed("shop")] == [str(each) for each in range(KEPT + 4, 4, -1)]
    clock.now = START + KEPT_FOR + timedelta(seconds=KEPT + 3)
    assert [each.payload for each in history.failed("shop")] == [str(KEPT + 4), str(KEPT + 3)]
    clock.now += timedelta(seconds=2)
    assert history.failed("shop") == ()


def test_of_a_large_message_the_beginning_is_kept() -> None:
    history = History(Clock(), CURRENCIES)
    history.note_unmapped("shop", ERROR, b"\0" + b"x" * SHOWN_BYTES)
    (kept,) = history.failed("shop")
    assert kept.payload == "\N{SYMBOL FOR NULL}" + "x" * (SHOWN_BYTES - 1)
    assert kept.payload_truncated
    assert kept.payload_bytes == SHOWN_BYTES + 1
