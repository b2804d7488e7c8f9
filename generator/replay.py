"""Replay of a file of events (JSON Lines), at its original pace, a multiple of it, or without a limit.

A line is due at its event time relative to the first event's; a speed of 2 halves
the distances. By default, event times are rewritten to the time at which the line is due, so the
file starts now and no event is ahead of Kafka's time. Nothing else in a line changes: a line
that is not an event is sent unchanged, to be rejected, directly after the previous line.
"""

import os
import re
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import orjson

from core.clock import Clock, to_iso8601
from core.errors import SettingsError
from core.events import EVENT_TIME_PATTERN
from generator.producer import RecordProducer
from generator.records import Kind, Record

IDLE_S = 0.1
CHUNK_BYTES = 1 << 18
MAX_LINE_BYTES = 1 << 20
"""Brokers accept no longer record by default, and a file without newlines must not fill the memory."""

_EVENT_TIME = re.compile(EVENT_TIME_PATTERN)
_EVENT_TIME_MEMBER = re.compile(rb'"eventTime"\s*:\s*"([^"\\]*)"')


@contextmanager
def open_lines(name: str) -> Iterator[int]:
    """A file descriptor of `name`, or of standard input for `-`. Raises `SettingsError`."""
    if name == "-":
        yield sys.stdin.fileno()
        return
    try:
        descriptor = os.open(name, os.O_RDONLY)
    except OSError as error:
        raise SettingsError(f"The file {name} cannot be read: {error.strerror}.") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_lines(descriptor: int, stopping: Callable[[], bool]) -> Iterator[bytes | None]:
    """Yield lines without newlines, skipping blank ones; None while there is nothing to read yet.

    Raises `SettingsError` at a line that is longer than any record.
    """
    rest = b""
    while not stopping():
        if not select.select([descriptor], [], [], IDLE_S)[0]:
            yield None
            continue
        chunk = os.read(descriptor, CHUNK_BYTES)
        *lines, rest = (rest + chunk).split(b"\n") if chunk else (rest, b"")
        if max(map(len, (*lines, rest))) > MAX_LINE_BYTES:
            raise SettingsError(
                f"The file has a line of more than {MAX_LINE_BYTES} bytes, so it is not a file of events."
            )
        for line in lines:
            if line.strip():
                yield line.removesuffix(b"\r")
        if not chunk:
            return


@dataclass(slots=True)
class Timeline:
    """Determines when each line is due, in seconds after the start, and its new event time.

    With `speed` None every line is due at once. The replay starts with its first line.
    """

    clock: Clock
    speed: float | None = 1.0
    keep_times: bool = False
    _first: datetime | None = None
    _start: datetime | None = None
    _place_s: float = 0.0

    def place(self, line: bytes) -> tuple[float, Record]:
        """When `line` is due and the record to send then."""
        self._start = self._start or self.clock()
        event = _parse(line)
        time = _time_of(event)
        if time is not None:
            self._first = self._first or time
            self._place_s = (time - self._first).total_seconds() / self.speed if self.speed else 0.0
            if not self.keep_times:
                sent = self._start + timedelta(seconds=self._place_s) if self.speed else self.clock()
                line = _with_time(line, event, to_iso8601(sent))
        return self._place_s, Record(_text_of(event, "orderId"), line, Kind.REPLAYED, _listable_id(event))


def replay(
    lines: Iterator[bytes | None], timeline: Timeline, producer: RecordProducer, stopping: Callable[[], bool]
) -> None:
    """Send lines when they are due until `stopping` returns true; wait while the broker does not respond."""
    began: float | None = None
    for line in lines:
        if line is None:
            producer.poll(0.0)
            continue
        began = began or monotonic()
        place_s, record = timeline.place(line)
        if not _wait(began + place_s, producer, stopping) or not producer.send(record, stopping):
            return
        producer.poll(0.0)


def _wait(due: float, producer: RecordProducer, stopping: Callable[[], bool]) -> bool:
    """Handle delivery reports until `due`, or longer while the broker does not respond; False if stopped."""
    while not stopping():
        left_s = due - monotonic()
        if producer.stalled:
            producer.poll_soon()
        elif left_s <= 0:
            return True
        else:
            producer.poll(left_s)
    return False


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _time_of(event: dict[str, Any]) -> datetime | None:
    text = event.get("eventTime")
    if not isinstance(text, str) or not _EVENT_TIME.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _with_time(line: bytes, event: dict[str, Any], text: str) -> bytes:
    """`line` with another event time; its other bytes stay, unless the time has an unusual notation."""
    old = event["eventTime"].encode()
    places = [match for match in _EVENT_TIME_MEMBER.finditer(line) if match[1] == old]
    if len(places) != 1:
        return orjson.dumps(event | {"eventTime": text})
    return line[: places[0].start(1)] + text.encode() + line[places[0].end(1) :]


def _text_of(event: dict[str, Any], name: str) -> bytes | None:
    value = event.get(name)
    return value.encode() if isinstance(value, str) else None


def _listable_id(event: dict[str, Any]) -> str | None:
    value = event.get("id")
    return value if isinstance(value, str) and value.isprintable() and value.strip() else None
