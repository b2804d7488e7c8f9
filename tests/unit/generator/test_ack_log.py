"""The list of acknowledged records: what is written can be read, what is half-written is not."""

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.events import RejectReason
from generator.ack_log import AckLog
from generator.records import Kind, Record
from tests.ack_log import Acknowledged, read_ack_log

VALID = Record(b"ORD1", b"{}", Kind.VALID, "7d5f")
INVALID = Record(b"ORD2", b"[", Kind.INVALID, None, RejectReason.NOT_JSON)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sent.tsv"
    with AckLog(path) as log:
        log.add(VALID, "events_raw", 0, 17)
        log.write_round()
        log.add(INVALID, "events_raw", 2, 4)
    assert list(read_ack_log(path)) == [
        Acknowledged("7d5f", "events_raw", 0, 17, Kind.VALID, None),
        Acknowledged(None, "events_raw", 2, 4, Kind.INVALID, "not_json"),
    ]


def test_a_round_is_on_the_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sent.tsv"
    with AckLog(path) as log:
        log.add(VALID, "t", 0, 0)
        assert path.read_bytes() == b""
        log.write_round()
        assert len(list(read_ack_log(path))) == 1


def test_a_second_run_appends(tmp_path: Path) -> None:
    for offset in range(2):
        with AckLog(tmp_path / "sent.tsv") as log:
            log.add(VALID, "t", 0, offset)
    assert [line.offset for line in read_ack_log(tmp_path / "sent.tsv")] == [0, 1]


def test_a_cut_last_line_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "sent.tsv").write_text("a\tt\t0\t1\tvalid\t-\nb\tt\t0\t1", encoding="utf-8")
    assert [line.event_id for line in read_ack_log(tmp_path / "sent.tsv")] == ["a"]


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        AckLog(tmp_path / "nowhere" / "sent.tsv")
