"""Replay: when each line is due, what is rewritten, and what is not touched."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import SettingsError
from generator.records import Kind
from generator.replay import CHUNK_BYTES, MAX_LINE_BYTES, Timeline, open_lines, read_lines

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def line(time: str, event_id: str = "a") -> bytes:
    return json.dumps({"id": event_id, "eventTime": time, "orderId": "ORD1", "amount": 1.10}).encode()


def timeline(speed: float | None = 1.0, *, keep_times: bool = False) -> Timeline:
    return Timeline(lambda: START, speed, keep_times)


def test_the_file_starts_now_and_keeps_its_gaps() -> None:
    replayed = timeline()
    places = [replayed.place(line(f"2020-01-01T00:00:{second:02d}Z")) for second in (5, 7, 15)]
    assert [place for place, _ in places] == [0, 2, 10]
    assert [json.loads(record.value or b"")["eventTime"] for _, record in places] == [
        "2026-03-01T12:00:00.000000Z",
        "2026-03-01T12:00:02.000000Z",
        "2026-03-01T12:00:10.000000Z",
    ]


def test_a_line_is_never_ahead_of_its_time() -> None:
    for speed, place_s, text in ((2.0, 60.0, "12:01:00"), (0.5, 240.0, "12:04:00"), (None, 0.0, "12:00:00")):
        replayed = timeline(speed)
        replayed.place(line("2020-01-01T00:00:00Z"))
        place, record = replayed.place(line("2020-01-01T00:02:00Z"))
        assert place == place_s
        assert json.loads(record.value or b"")["eventTime"] == f"2026-03-01T{text}.000000Z"


def test_flat_out_an_event_happens_when_it_is_sent() -> None:
    """However long the replay lasts: what is five minutes old when Kafka takes it would be refused as late."""
    moments = iter([START + timedelta(minutes=minutes) for minutes in (0, 0, 9)])
    replayed = Timeline(lambda: next(moments), None, keep_times=False)
    sent = [replayed.place(line("2020-01-01T00:00:00Z"))[1].value or b"" for _ in range(2)]
    assert [json.loads(value)["eventTime"][11:16] for value in sent] == ["12:00", "12:09"]


def test_other_bytes_stay_as_they_are() -> None:
    odd = b'{ "amount":1.10,"amount": 1.2300, "eventTime" : "2020-01-01T00:00:00+07:00", "x":"\\u00e9"}'
    _, record = timeline().place(odd)
    assert record.value == odd.replace(b"2020-01-01T00:00:00+07:00", b"2026-03-01T12:00:00.000000Z")


def test_of_two_equal_times_the_one_that_counts_is_rewritten() -> None:
    text = line("2020-01-01T00:00:00Z")
    _, record = timeline().place(text[:-1] + b', "nested": {"eventTime": "2020-01-01T00:00:00Z"}}')
    event = json.loads(record.value or b"")
    assert event["eventTime"] == "2026-03-01T12:00:00.000000Z"
    assert event["nested"]["eventTime"] == "2020-01-01T00:00:00Z"


def test_keep_times_keeps_every_byte() -> None:
    text = line("2020-01-01T00:00:00Z")
    assert timeline(keep_times=True).place(text)[1].value == text


@pytest.mark.parametrize(
    "text",
    [
        b"not json",
        b"[1]",
        b'"eventTime"',
        b"\xff\xfe",
        b"{}",
        line("2020-01-01"),
        line("2020-02-30T00:00:00Z"),
    ],
)
def test_a_line_without_a_time_goes_right_after_the_one_before(text: bytes) -> None:
    replayed = timeline()
    replayed.place(line("2020-01-01T00:00:00Z"))
    replayed.place(line("2020-01-01T00:00:09Z"))
    place, record = replayed.place(text)
    assert place == 9
    assert record.value == text


def test_the_key_is_the_order_and_the_id_is_listed() -> None:
    _, record = timeline().place(line("2020-01-01T00:00:00Z", event_id="x"))
    assert (record.key, record.event_id, record.kind) == (b"ORD1", "x", Kind.REPLAYED)
    _, nameless = timeline().place(b"{}")
    assert (nameless.key, nameless.event_id) == (None, None)
    _, unlistable = timeline().place(line("2020-01-01T00:00:00Z", event_id="a\tb"))
    assert unlistable.event_id is None


def lines_of(content: bytes, folder: Path) -> list[bytes | None]:
    (folder / "events.jsonl").write_bytes(content)
    with open_lines(str(folder / "events.jsonl")) as descriptor:
        return list(read_lines(descriptor, lambda: False))


def test_lines_end_in_many_ways(tmp_path: Path) -> None:
    assert lines_of(b"a\nb\r\n\n  \nc", tmp_path) == [b"a", b"b", b"c"]
    assert lines_of(b"", tmp_path) == []
    long = b"x" * 1_000_000
    assert lines_of(long + b"\ny\n", tmp_path) == [long, b"y"]


def test_a_missing_file_is_reported() -> None:
    with (
        pytest.raises(SettingsError, match=r"The file nowhere\.jsonl cannot be read: No such file"),
        open_lines("nowhere.jsonl"),
    ):
        pass


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_a_silent_input_does_not_block(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    lines = read_lines(reader, lambda: False)
    assert next(lines) is None
    os.write(writer, b"half")
    assert next(lines) is None
    os.write(writer, b" and half\n")
    assert next(lines) == b"half and half"


@pytest.mark.parametrize("ended", [True, False])
def test_a_line_that_no_broker_would_take_is_refused(tmp_path: Path, ended: bool) -> None:
    file = tmp_path / "no-lines"
    longest = b"x" * MAX_LINE_BYTES
    file.write_bytes(longest + b"\n")
    with open_lines(str(file)) as descriptor:
        assert list(read_lines(descriptor, lambda: False)) == [longest]
    file.write_bytes(longest + (b"x\n" if ended else b"x" * CHUNK_BYTES))
    with open_lines(str(file)) as descriptor, pytest.raises(SettingsError, match="not a file of events"):
        list(read_lines(descriptor, lambda: False))
