"""Which files of a torn checkpoint may be set aside, and when that is refused."""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from control.checkpoint_logs import read_checkpoint
from control.checkpoints import driver_kept_out, set_aside
from core.errors import CheckpointError
from core.settings import RetentionSettings
from database.retention import events_limit
from orchestration.defs.maintenance.checkpoints import set_files_aside
from orchestration.defs.maintenance.torn_files import torn_files
from spark_jobs.checkpoint_lock import lock_checkpoint

NOW = datetime(2026, 3, 1, 9, 30, 45, tzinfo=UTC)
GOOD = {
    "offsets": 'v1\n{"batchWatermarkMs":0}\n{"events_raw":{"0":5}}',
    "commits": 'v1\n{"nextBatchWatermarkMs":0}',
}


def checkpoint(
    folder: Path, offsets: Iterable[int], commits: Iterable[int], torn: Iterable[str] = ()
) -> Path:
    """A checkpoint with these batches; the files in `torn` ("commits/3") are cut off."""
    for log, batches in (("offsets", offsets), ("commits", commits)):
        (folder / log).mkdir(parents=True)
        for batch in batches:
            (folder / log / str(batch)).write_text(GOOD[log])
    (folder / "metadata").write_text(json.dumps({"id": "6d6c1a1e-5d43-4a8f-9a0f-1f5d1f6b3c11"}))
    for name in torn:
        (folder / name).write_text(GOOD[name.partition("/")[0]][:-3])
    return folder


def torn(folder: Path, committed: Iterable[int]) -> list[str]:
    found = read_checkpoint(folder)
    assert found is not None, "it was made above"
    return [str(path.relative_to(folder)) for path in torn_files(found, set(committed))]


def test_a_torn_newest_commit_goes_and_its_batch_is_repeated(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", range(4), range(4), ["commits/3"])
    assert torn(folder, range(4)) == ["commits/3"]


def test_all_torn_newest_commits_go_where_the_ledger_has_what_is_not_repeated(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", range(5), range(5), ["commits/2", "commits/3", "commits/4"])
    assert torn(folder, range(4)) == ["commits/2", "commits/3", "commits/4"]


def test_torn_commits_whose_batches_the_ledger_lacks_stay(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", range(5), range(5), ["commits/2", "commits/3", "commits/4"])
    with pytest.raises(CheckpointError, match=r"batch 3 before it is not in the ledger .*keep_offsets=false"):
        torn(folder, range(3))


def test_torn_offsets_of_a_batch_that_was_never_committed_go(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", range(5), range(4), ["offsets/4"])
    assert torn(folder, range(4)) == ["offsets/4"]


def test_torn_offsets_of_a_batch_that_is_in_the_ledger_stay(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", range(5), range(4), ["offsets/4"])
    with pytest.raises(CheckpointError, match=r"Batch 4 was committed, but its offsets .* are unreadable"):
        torn(folder, range(5))


def test_the_only_offsets_being_torn_asks_for_a_new_checkpoint(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", [0], [], ["offsets/0"])
    with pytest.raises(CheckpointError, match=r"No file of .* is readable"):
        torn(folder, [])


def test_a_readable_checkpoint_has_nothing_to_set_aside(tmp_path: Path) -> None:
    assert torn(checkpoint(tmp_path / "q", range(4), range(3)), range(3)) == []


def test_a_checkpoint_without_its_id_asks_for_a_new_one(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", range(4), range(4), ["commits/3"])
    (folder / "metadata").write_text("")
    with pytest.raises(CheckpointError, match=r"metadata of .* is missing or unreadable"):
        torn(folder, range(4))


def test_files_are_moved_with_their_checksums_and_nothing_is_deleted(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", range(2), range(2), ["commits/1"])
    (folder / "commits" / ".1.crc").write_bytes(b"crc")
    aside = set_files_aside(folder, [folder / "commits" / "1"], NOW)
    assert aside == tmp_path / "q.20260301T093045Z.torn"
    assert sorted(path.name for path in (aside / "commits").iterdir()) == [".1.crc", "1"]
    assert [path.name for path in (folder / "commits").iterdir()] == ["0"]


def test_a_whole_checkpoint_is_renamed(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "q", range(2), range(2))
    aside = set_aside(folder, NOW)
    assert aside == tmp_path / "q.20260301T093045Z"
    assert (aside / "metadata").exists()
    with pytest.raises(CheckpointError, match="no checkpoint to reset"):
        set_aside(folder, NOW)


def test_a_driver_and_a_reset_keep_each_other_out(tmp_path: Path) -> None:
    driver = lock_checkpoint(tmp_path, 0)
    with (
        pytest.raises(CheckpointError, match=rf"driver \(pid {os.getpid()}\) uses"),
        driver_kept_out(tmp_path, 0),
    ):
        pass
    os.close(driver)
    with driver_kept_out(tmp_path, 0), pytest.raises(CheckpointError, match="Another Spark driver"):
        lock_checkpoint(tmp_path, 0)
    os.close(lock_checkpoint(tmp_path, 0))


def test_a_folder_without_a_stream_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="has never run"), driver_kept_out(tmp_path / "none", 0):
        pass


def test_events_go_by_full_hours() -> None:
    retention = RetentionSettings.model_validate({"events_days": 2})
    assert events_limit(retention, NOW) == datetime(2026, 2, 27, 9, tzinfo=UTC)
