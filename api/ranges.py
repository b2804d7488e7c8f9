"""Ranges of event time for KPIs, each with a comparable previous range.

Windows are minutes, so a range begins at a full minute. Pure: the current time is passed in.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from api.edge.problems import ParameterError
from api.models.common import RangeName, TimeRange

MINUTE = timedelta(minutes=1)
MAX_RANGE = timedelta(days=31)
"""Longest custom range."""

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times outside these are typing errors."""

ROLLING: dict[str, timedelta] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range [start, end) in UTC; `start` is a full minute."""

    start: datetime
    end: datetime

    @property
    def whole_until(self) -> datetime:
        """Start of the minute that `end` cuts off; `end` itself if it is a full minute."""
        return floor_minute(self.end)


@dataclass(frozen=True, slots=True)
class ResolvedRange:
    """A range and the previous one.

    `running`: `current` ends now, in a minute that is still open. `previous` is then cut off at
    the same second, so that both have the same length.
    """

    name: RangeName
    time_zone: str
    current: Span
    previous: Span
    running: bool

    def as_range(self, span: Span) -> TimeRange:
        """`span`, one of the two, as the API's type."""
        return TimeRange(name=self.name, start=span.start, end=span.end, time_zone=self.time_zone)


def resolve(
    name: RangeName,
    *,
    now: datetime,
    tz: str = "UTC",
    from_: datetime | None = None,
    to: datetime | None = None,
) -> ResolvedRange:
    """The range `name` at the time `now` (aware).

    `15m`, `1h`, `24h`: the windows that begin in that time before now. `today`: since the start of the day in
    the time zone `tz` (IANA), compared with yesterday until the same local time. `custom`: the full
    minutes between `from_` and `to` (aware; `now` if `to` is later), compared with the preceding range of the same
    length. Raises `ParameterError` that lists every invalid parameter.
    """
    now = now.astimezone(UTC)
    zone = time_zone(tz)
    if name == "custom":
        return _custom(now, tz, *_limits(now, from_, to))
    if from_ is not None or to is not None:
        given = {"from": from_, "to": to}
        raise ParameterError(
            (each, f"Is valid only with range=custom; the range is {name}.")
            for each, value in given.items()
            if value is not None
        )
    if name == "today":
        return _today(now, tz, zone)
    span = ROLLING[name]
    start = _ceil_minute(now - span)
    return ResolvedRange(name, tz, Span(start, now), Span(start - span, now - span), running=True)


def _today(now: datetime, tz: str, zone: ZoneInfo) -> ResolvedRange:
    """Today and yesterday. A day begins at its first instant, even if the clock skips midnight. Of a local time
    that occurred twice yesterday the first counts; one that was skipped is as long after midnight as on other days.
    """
    local = now.astimezone(zone).replace(tzinfo=None)
    midnight = datetime(local.year, local.month, local.day)  # noqa: DTZ001  # a local time
    start = _ceil_minute(_on_clock(midnight, zone))
    day = timedelta(days=1)
    previous_end = min(_on_clock(local - day, zone), start)
    previous_start = min(_ceil_minute(_on_clock(midnight - day, zone)), previous_end)
    return ResolvedRange(
        "today", tz, Span(start, max(now, start)), Span(previous_start, previous_end), running=True
    )


def _on_clock(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock of `zone` shows `local` (`fold` 0; PEP 495)."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _limits(now: datetime, from_: datetime | None, to: datetime | None) -> tuple[datetime, datetime]:
    if from_ is None or to is None:
        given = {"from": from_, "to": to}
        raise ParameterError(
            (each, "Is required with range=custom.") for each, value in given.items() if value is None
        )
    if from_ >= to:
        raise ParameterError([("to", "Must be later than `from`.")])
    if to - from_ > MAX_RANGE:
        raise ParameterError([("to", f"Must be at most {MAX_RANGE.days} days after `from`.")])
    if from_ >= now:
        raise ParameterError([("from", "Is in the future; there is nothing to count yet.")])
    return from_.astimezone(UTC), to.astimezone(UTC)


def _custom(now: datetime, tz: str, from_: datetime, to: datetime) -> ResolvedRange:
    start, running = _ceil_minute(from_), to >= now
    end = now if running else floor_minute(to)
    if start >= end:
        raise ParameterError([("to", "There is no full minute between `from` and `to`.")])
    shift = (_ceil_minute(to) if running else end) - start
    return ResolvedRange("custom", tz, Span(start, end), Span(start - shift, end - shift), running=running)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises `ParameterError` if there is none."""
    if name not in _names():
        raise ParameterError(
            [
                (
                    "tz",
                    f"There is no time zone {name[:64]!r}; use an IANA name such as Asia/Ho_Chi_Minh or UTC.",
                )
            ]
        )
    return ZoneInfo(name)


def parse_instant(text: str) -> datetime:
    """An ISO-8601 date and time with a zone, in UTC. Raises `ValueError` with a message for users.

    A space is read as a plus sign, because a plus sign typed into a browser's address bar arrives as a space.
    """
    written = re.sub(r" (?=\d\d:\d\d$)", "+", text.strip())
    if not INSTANT.fullmatch(written):
        raise ValueError("Must be an ISO-8601 date and time with its zone, as in 2026-03-01T09:30:00+07:00.")
    try:
        instant = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", written)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such date and time.") from None
    if not EARLIEST <= instant < LATEST:
        raise ValueError(f"Must be between the years {EARLIEST.year} and {LATEST.year}.")
    return instant


def floor_minute(instant: datetime) -> datetime:
    """The full minute at or before `instant`."""
    return instant.replace(second=0, microsecond=0)


def _ceil_minute(instant: datetime) -> datetime:
    floor = floor_minute(instant)
    return floor if floor == instant else floor + MINUTE
