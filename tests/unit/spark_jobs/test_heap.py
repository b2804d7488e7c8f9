"""The heap of a start that follows a full one."""

from pathlib import Path

import pytest

from core.settings import load_settings
from spark_jobs.heap import with_heap


def heaps(checkpoints: Path, usual: str) -> tuple[str, str]:
    """Of the next two starts."""
    settings = load_settings(stream={"driver_memory": usual, "checkpoint_dir": checkpoints})
    (settings.checkpoint_dir / "heap_exhausted").touch()
    return with_heap(settings).stream.driver_memory, with_heap(settings).stream.driver_memory


def test_the_next_start_has_more_and_the_one_after_it_the_usual_heap(tmp_path: Path) -> None:
    larger, usual = heaps(tmp_path, "16m")
    assert int(larger.removesuffix("m")) > 16
    assert usual == "16m"


@pytest.mark.parametrize("usual", ["64000g", "3 gigabytes"])
def test_a_heap_is_never_smaller_than_the_setting(tmp_path: Path, usual: str) -> None:
    assert heaps(tmp_path, usual) == (usual, usual)
