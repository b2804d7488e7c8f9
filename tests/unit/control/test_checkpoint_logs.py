"""Reading a Spark checkpoint, sound and damaged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from control.checkpoint_logs import read_checkpoint
from control.checkpoints import begin_at_ledger, newest_commit
from tests.checkpoints import add_batch, write_checkpoint

QUERY_ID = "a37e4ca6-b155-4918-905f-93d063651fe1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "kpi_1m", QUERY_ID, range(949, 970))


def test_a_sound_checkpoint(folder: Path) -> None:
    add_batch(folder, 970, committed=False)
    (folder / "commits" / ".970.8c1f.tmp").write_text("v1")
    found = read_checkpoint(folder)
    assert found is not None
    assert found.query_id == QUERY_ID
    assert (found.offsets.newest, found.commits.newest) == (970, 969)
    assert found.offsets.faults == found.commits.faults == {}
    assert found.offsets.gaps == found.commits.gaps == ()
    assert found.size_bytes == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert found.last_written_at is not None
    assert datetime.now(UTC) - found.last_written_at < timedelta(minutes=1)
    assert newest_commit(folder) == 969


def test_one_that_is_yet_to_be_begun_is_none(folder: Path) -> None:
    begin_at_ledger(folder, datetime.now(UTC))
    assert folder.is_dir()
    assert read_checkpoint(folder) is None


@pytest.mark.parametrize("log", ["offsets", "commits"])
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b"v1", "ends after its first line"),
        (b'v1\n{"nextBatchWater', "is cut off or damaged"),
        (b"\0\0\0\0", "does not begin with a version"),
    ],
)
def test_a_torn_file_is_described(folder: Path, log: str, content: bytes, fault: str) -> None:
    (folder / log / "969").write_bytes(content)
    found = read_checkpoint(folder)
    assert found is not None
    assert {"offsets": found.offsets, "commits": found.commits}[log].faults == {969: fault}


def test_offsets_of_a_source_without_any_are_sound(folder: Path) -> None:
    (folder / "offsets" / "969").write_text("v1\n{}\n-")
    found = read_checkpoint(folder)
    assert found is not None
    assert found.offsets.faults == {}


def test_a_missing_batch_is_a_gap(folder: Path) -> None:
    (folder / "commits" / "960").unlink()
    found = read_checkpoint(folder)
    assert found is not None
    assert found.commits.gaps == (960,)
    assert found.offsets.gaps == ()


@pytest.mark.parametrize("metadata", ["", "[]", '{"id": "x"}', '{"id": null}', "{}"])
def test_an_unreadable_id_is_none(folder: Path, metadata: str) -> None:
    (folder / "metadata").write_text(metadata)
    found = read_checkpoint(folder)
    assert found is not None
    assert found.query_id is None


def test_no_checkpoint_and_an_empty_one(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "none") is None
    assert newest_commit(tmp_path / "none") is None
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert (found.offsets.newest, found.last_written_at, found.offsets.gaps) == (None, None, ())
