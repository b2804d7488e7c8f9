"""Ranges: windows that begin at full minutes, days of every length, like for like."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.edge.problems import ParameterError
from api.models.common import RangeName
from api.ranges import MAX_RANGE, ResolvedRange, Span, parse_instant, resolve

HOUR = timedelta(hours=1)
SHARED_DAYS = Path(__file__).parents[2] / "corpus" / "days.json"
NOW = datetime(2026, 3, 1, 9, 30, 20, 500_000, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def span(start: str, end: str) -> Span:
    return Span(at(start), at(end))


def faults(name: RangeName, from_: datetime | None = None, to: datetime | None = None) -> dict[str, str]:
    with pytest.raises(ParameterError) as refused:
        resolve(name, now=NOW, from_=from_, to=to)
    assert refused.value.status == 422
    return dict(refused.value.faults)


@pytest.mark.parametrize(
    ("name", "start", "previous_start", "previous_end"),
    [
        ("15m", "2026-03-01T09:16:00Z", "2026-03-01T09:01:00Z", "2026-03-01T09:15:20.5Z"),
        ("1h", "2026-03-01T08:31:00Z", "2026-03-01T07:31:00Z", "2026-03-01T08:30:20.5Z"),
        ("24h", "2026-02-28T09:31:00Z", "2026-02-27T09:31:00Z", "2026-02-28T09:30:20.5Z"),
    ],
)
def test_a_rolling_range_begins_at_the_next_full_minute(
    name: RangeName, start: str, previous_start: str, previous_end: str
) -> None:
    resolved = resolve(name, now=NOW)
    assert resolved.current == Span(at(start), NOW)
    assert resolved.previous == span(previous_start, previous_end)
    assert resolved.running


def test_at_a_full_minute_no_minute_is_left_out() -> None:
    now = NOW.replace(second=0, microsecond=0)
    assert resolve("15m", now=now).current == Span(now - timedelta(minutes=15), now)


DAYS = [
    # zone, now, start of today, start of yesterday, the same time of the clock yesterday
    ("UTC", "2026-03-01T09:30:20Z", "2026-03-01T00:00Z", "2026-02-28T00:00Z", "2026-02-28T09:30:20Z"),
    ("Asia/Ho_Chi_Minh", "2026-02-28T17:00:30Z", "2026-02-28T17:00Z", "2026-02-27T17:00Z", "2026-02-27T17:00:30Z"),
    ("Asia/Ho_Chi_Minh", "2026-02-28T16:59:30Z", "2026-02-27T17:00Z", "2026-02-26T17:00Z", "2026-02-27T16:59:30Z"),
    ("Asia/Kolkata", "2026-03-01T09:30Z", "2026-02-28T18:30Z", "2026-02-27T18:30Z", "2026-02-28T09:30Z"),
    # Berlin: 29 March has 23 hours, 25 October 25.
    ("Europe/Berlin", "2026-03-29T21:00Z", "2026-03-28T23:00Z", "2026-03-27T23:00Z", "2026-03-28T22:00Z"),
    ("Europe/Berlin", "2026-03-30T10:00Z", "2026-03-29T22:00Z", "2026-03-28T23:00Z", "2026-03-29T10:00Z"),
    ("Europe/Berlin", "2026-10-25T22:30Z", "2026-10-24T22:00Z", "2026-10-23T22:00Z", "2026-10-24T21:30Z"),
    ("Europe/Berlin", "2026-10-26T10:00Z", "2026-10-25T23:00Z", "2026-10-24T22:00Z", "2026-10-25T10:00Z"),
    # A time that yesterday had not (02:30 of 29 March) is as long after midnight; one that it had twice is the first.
    ("Europe/Berlin", "2026-03-30T00:30Z", "2026-03-29T22:00Z", "2026-03-28T23:00Z", "2026-03-29T01:30Z"),
    ("Europe/Berlin", "2026-10-26T01:30Z", "2026-10-25T23:00Z", "2026-10-24T22:00Z", "2026-10-25T00:30Z"),
    # New York: 8 March has 23 hours, 1 November 25.
    ("America/New_York", "2026-03-09T16:00Z", "2026-03-09T04:00Z", "2026-03-08T05:00Z", "2026-03-08T16:00Z"),
    ("America/New_York", "2026-11-01T22:00Z", "2026-11-01T04:00Z", "2026-10-31T04:00Z", "2026-10-31T21:00Z"),
    ("America/New_York", "2026-11-02T17:00Z", "2026-11-02T05:00Z", "2026-11-01T04:00Z", "2026-11-01T17:00Z"),
    # Cairo: the clock skips midnight of 24 April, so the day begins at one o'clock.
    ("Africa/Cairo", "2026-04-24T09:00Z", "2026-04-23T22:00Z", "2026-04-22T22:00Z", "2026-04-23T10:00Z"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "now", "start", "previous_start", "previous_end"), DAYS)
def test_today_is_the_day_of_the_zone_compared_with_yesterday_until_this_time(
    zone: str, now: str, start: str, previous_start: str, previous_end: str
) -> None:
    resolved = resolve("today", now=at(now), tz=zone)
    assert resolved.current == span(start, now)
    assert resolved.previous == span(previous_start, previous_end)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-11-01", 25),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(zone: str, day: str, hours: int) -> None:
    noon = datetime.fromisoformat(f"{day}T17:00:00+00:00")
    start = resolve("today", now=noon, tz=zone).current.start
    last = start + hours * HOUR - timedelta(microseconds=1)
    assert resolve("today", now=last, tz=zone).current.start == start
    assert resolve("today", now=start + hours * HOUR, tz=zone).current.start == start + hours * HOUR


def test_a_custom_range_is_its_full_minutes_compared_with_as_many_before() -> None:
    resolved = resolve(
        "custom", now=NOW, from_=at("2026-03-01T07:00:01+01:00"), to=at("2026-03-01T07:02:59Z")
    )
    assert resolved.current == span("2026-03-01T06:01:00Z", "2026-03-01T07:02:00Z")
    assert resolved.previous == span("2026-03-01T05:00:00Z", "2026-03-01T06:01:00Z")
    assert not resolved.running


def test_a_custom_range_that_continues_is_cut_off_like_the_one_before() -> None:
    resolved = resolve("custom", now=NOW, from_=at("2026-03-01T09:00Z"), to=at("2026-03-01T10:00Z"))
    assert resolved.current == Span(at("2026-03-01T09:00Z"), NOW)
    assert resolved.previous == Span(at("2026-03-01T08:00Z"), NOW - HOUR)
    assert resolved.running


def test_every_wrong_parameter_is_named() -> None:
    assert set(faults("custom")) == {"from", "to"}
    assert set(faults("custom", to=NOW)) == {"from"}
    assert set(faults("15m", from_=NOW, to=NOW)) == {"from", "to"}
    assert "later" in faults("custom", from_=NOW, to=NOW)["to"]
    assert "31 days" in faults("custom", from_=NOW - MAX_RANGE, to=NOW + HOUR)["to"]
    assert "future" in faults("custom", from_=NOW, to=NOW + HOUR)["from"]
    second = timedelta(seconds=1)
    assert "full minute" in faults("custom", from_=NOW - 20 * second, to=NOW - 10 * second)["to"]


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "America", "/UTC", "utc\0"])
def test_a_time_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="Asia/Ho_Chi_Minh"):
        resolve("today", now=NOW, tz=name)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T09:30:00Z",
        "2026-03-01 09:30:00Z",
        "2026-03-01T09:30Z",
        "2026-03-01T16:30:00+07:00",
        "2026-03-01T16:30:00 07:00",  # a plus sign that a browser's address bar made a space
        "2026-03-01T09:30:00.0000000Z",
    ],
)
def test_an_instant_has_a_zone(text: str) -> None:
    assert parse_instant(text) == at("2026-03-01T09:30:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1767225600",
        "2026-03-01",
        "2026-03-01T09:30:00",
        "2026-02-30T09:30:00Z",
        "2026-03-01T25:30:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1999-12-31T23:59:59Z",
        "\uff12\uff10\uff12\uff16-03-01T09:30:00Z",  # digits of another script
        "2026-03-01T09:30:00Z;",
        "2026-03-01T09:30:00Z\n2026-03-01T09:30:00Z",
    ],
)
def test_what_is_no_instant_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"Must|no such"):
        parse_instant(text)


zones = st.sampled_from(["UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe"])  # fmt: skip
names = st.sampled_from(["15m", "1h", "24h", "today"])
moments = st.integers(0, 4 * 366 * 86_400 * 1_000_000).map(
    lambda microseconds: at("2024-01-01T00:00Z") + timedelta(microseconds=microseconds)
)


@given(name=names, now=moments, tz=zones)
def test_both_ranges_begin_at_full_minutes_and_end_in_order(name: RangeName, now: datetime, tz: str) -> None:
    resolved = resolve(name, now=now, tz=tz)
    for each in (resolved.current, resolved.previous):
        assert each.start.second == each.start.microsecond == 0
        assert each.start <= each.end
    assert resolved.previous.end <= resolved.current.start or name != "today"
    assert resolved.current.end == now
    assert resolved.previous.end <= now
    shown = resolved.as_range(resolved.current)
    assert (shown.start, shown.end, shown.time_zone) == (resolved.current.start, now, tz)


@given(name=st.sampled_from(["15m", "1h", "24h"]), now=moments)
def test_rolling_ranges_are_equally_long(name: RangeName, now: datetime) -> None:
    resolved: ResolvedRange = resolve(name, now=now)
    assert resolved.current.end - resolved.current.start == resolved.previous.end - resolved.previous.start


@given(now=moments, hours=st.integers(-12, 14))
def test_the_zone_of_now_does_not_matter(now: datetime, hours: int) -> None:
    elsewhere = now.astimezone(timezone(hours * HOUR))
    assert resolve("today", now=elsewhere, tz="Europe/Berlin") == resolve(
        "today", now=now, tz="Europe/Berlin"
    )


@pytest.mark.parametrize("day", json.loads(SHARED_DAYS.read_text(encoding="utf-8")), ids=str)
def test_a_day_begins_at_the_first_midnight_of_its_clock(day: dict[str, str]) -> None:
    """Also where midnight comes twice, or not at all. The pages are held to the same table: `zone.test.ts`."""
    resolved = resolve("today", now=at(day["at"]), tz=day["zone"])
    assert resolved.current.start == at(day["start"])
