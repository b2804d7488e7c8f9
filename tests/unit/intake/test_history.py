"""Files of past orders: what is read, what each line gives, and where a file is refused."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from intake.history.events import EVENTS, Row, mapping_of, require_columns, require_event
from intake.history.files import LONGEST_LINE_BYTES, open_file
from intake.mapping.errors import SourceError, UnmappedError
from intake.mapping.registry import Registry

HEADER = "id,eventTime,eventType,orderId,userId,amount,currency,status"
ROW = "1,2024-03-01T09:30:00Z,order_created,O1,U1,{},USD,pending"
ORDER = {
    "id": 7,
    "status": "processing",
    "total": "12.50",
    "currency": "USD",
    "customer_id": 0,
    "date_created_gmt": "2024-03-01T09:30:00",
    "date_paid_gmt": "2024-03-01T09:31:00",
    "date_modified_gmt": "2024-04-02T10:00:00",
}


def events(path: Path, source: str = EVENTS, headers: Sequence[tuple[str, str]] = ()) -> list[bytes]:
    mapping = mapping_of(source, Registry(path.parent), dict(headers))
    with open_file(path) as file:
        return [event for line in file.records() for event in mapping(line)]


def written(path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("12.50", b"12.50"),
        ("0.1", b"0.1"),
        ("9007199254740993", b"9007199254740993"),
        ("1.000000000000000001", b"1.000000000000000001"),
        ("1e2", b"1e2"),
        ("-3", b"-3"),
        ('"1,299.00"', b'"1,299.00"'),
        ("007", b'"007"'),
        ("NaN", b'"NaN"'),
        ("+5", b'"+5"'),
    ],
)
def test_an_amount_keeps_its_digits_and_what_is_no_number_stays_a_text(
    tmp_path: Path, cell: str, amount: bytes
) -> None:
    (event,) = events(written(tmp_path / "h.csv", f"{HEADER}\n{ROW.format(cell)}\n"))
    assert b'"amount":' + amount + b"," in event


def test_an_empty_cell_is_an_absent_field_and_other_columns_come_last(tmp_path: Path) -> None:
    content = f"channel,note,{HEADER}\r\nweb,,{ROW.format('')}\r\n"
    (event,) = map(orjson.loads, events(written(tmp_path / "h.csv.gz", content)))
    assert list(event) == [name for name in HEADER.split(",") if name != "amount"] + ["channel"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_may_be_separated_in_three_ways(tmp_path: Path, delimiter: str) -> None:
    text = f"\ufeff{HEADER}\n{ROW.format('1.25')}\n".replace(",", delimiter)
    (event,) = map(orjson.loads, events(written(tmp_path / "h.csv", text)))
    assert (event["id"], event["amount"]) == ("1", 1.25)


def test_lines_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    """Blank lines and cells of several lines count; the header is line 1."""
    path = written(tmp_path / "h.csv", 'a,b\n1,"two\nlines"\n\n3,4\n5\n6,\xff\n'.encode("latin-1"))
    with open_file(path) as file:
        found = [(line.number, line.fault and line.fault[0]) for line in file.records()]
    assert found == [(2, None), (5, None), (6, "bad_row"), (7, "not_utf8")]
    path = written(tmp_path / "h.jsonl", b"\xef\xbb\xbf{}\n\n \r\nnot json\r\n")
    with open_file(path) as file:
        assert [(line.number, line.content) for line in file.records()] == [(1, b"{}"), (4, b"not json")]


def test_json_lines_of_events_pass_as_they_are(tmp_path: Path) -> None:
    line = b'{"id": "1",  "amount": 1.10, "x": "\xff"}'
    assert events(written(tmp_path / "h.ndjson.gz", line + b"\n")) == [line]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("h.json", b"[]", "the name must end in"),
        ("h.jsonl", b"[" + b" " * LONGEST_LINE_BYTES, "Line 1 .* is longer than"),
        ("h.csv", b"", "no first line"),
        ("h.csv", b"a,a\n", "two columns of the same name"),
        ("h.csv", b'a,b\n1,"open\n2,3\n', "not valid CSV from line 3 on"),
        ("h.csv", b"a\n" + b"x" * 131_073, "not valid CSV from line 2 on"),
        ("missing/h.csv", None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=said):
        events(path)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl.gz"
    path.write_bytes(gzip.compress(b"{}\n" * 10_000)[:-10])
    with pytest.raises(SourceError, match="is damaged after line"):
        events(path)


def test_a_file_of_events_has_all_their_columns(tmp_path: Path) -> None:
    require_columns(HEADER.split(","), tmp_path)
    with pytest.raises(SourceError, match="has no column eventType, userId"):
        require_columns([name for name in HEADER.split(",") if name not in {"eventType", "userId"}], tmp_path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [(1, b"[", None, None), (2, b'"id"', None, None)],
            "none of its first 2 records .*Line 1: it is not JSON",
        ),
        ([(2, b"[1]", None, None)], "Line 2: it is JSON, but not an object"),
        ([(2, b"x", "no_orderId", "nothing at `body.n`")], "no_orderId .*`body.n`.* Its columns are a, b"),
    ],
)
def test_a_file_whose_beginning_holds_no_event_is_refused(
    tmp_path: Path, rows: Sequence[Row], said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        require_event(rows, tmp_path, ["a", "b"])
    require_event([*rows, (9, b"{}", None, None)], tmp_path, None)
    require_event([], tmp_path, None)


def test_a_shops_order_of_long_ago_gives_all_its_events(tmp_path: Path) -> None:
    """A webhook of a later change leaves the payment out, which an earlier one reported; in a file it is news."""
    path = written(tmp_path / "orders.jsonl", orjson.dumps(ORDER))
    found = events(path, "woocommerce", [("x-wc-webhook-topic", "order.created")])
    assert [orjson.loads(event)["eventType"] for event in found] == ["order_created", "payment_success"]


def test_messages_that_a_header_tells_apart_need_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="add --header 'x-wc-webhook-topic"):
        mapping_of("woocommerce", Registry(tmp_path), {})


def test_an_unknown_source_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no source 'magento'; there are events, .*woocommerce"):
        mapping_of("magento", Registry(tmp_path), {})


def test_the_time_of_the_request_stands_for_no_other(tmp_path: Path) -> None:
    source = """
title: Without times
setup: []
signature: {scheme: bearer}
message: {value: row}
fields: {orderId: body.n, userId: {value: guest}, amount: body.n, currency: {value: USD}, id: body.n,
  eventTime: {path: body.at, default: received}}
messages: {row: [{event: order_created}]}
"""
    written(tmp_path / "timeless.yaml", source)
    with pytest.raises(UnmappedError, match="eventTime: nothing at"):
        events(written(tmp_path / "h.csv", "n\n1\n"), "timeless")
