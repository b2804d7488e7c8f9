"""What a manifest says, and what is no manifest; which backups are kept; what must not run."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control.checkpoints import begin_at_ledger, begins_at_ledger
from core.errors import StackError
from core.settings import Settings, load_settings
from stack.backup.backups import backups_in, prune
from stack.backup.manifest import DUMP, MANIFEST, Manifest, Position, read_manifest, write_manifest
from stack.backup.running import WRITERS, refuse_while_running
from stack.host.locks import acquire
from stack.local.programs import PROGRAMS
from stack.servers.postgres.client import client_environment

NINE = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def manifest_of(made_at: datetime = NINE) -> Manifest:
    return Manifest(
        made_at=made_at,
        release="1.0",
        server=18,
        revision="0001",
        topic=None,
        positions={"kpi_1m": Position(offsets={0: 5}, newest=NINE)},
        rows={"public.kpi_1m": 1},
        dump_bytes=3,
        dump_sha256="00",
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three backups, an hour apart, and an unfinished one."""
    for hour in range(3):
        folder = tmp_path / f"{hour}"
        folder.mkdir()
        write_manifest(folder, manifest_of(NINE + timedelta(hours=hour)))
        (folder / DUMP).write_bytes(b"abc")
    (tmp_path / "3.unfinished").mkdir()
    write_manifest(tmp_path / "3.unfinished", manifest_of())
    (tmp_path / "mine").mkdir()
    return tmp_path


def test_a_manifest_is_read_as_it_was_written_and_only_by_its_owner(home: Path) -> None:
    assert read_manifest(home / "0") == manifest_of()
    assert (home / "0" / MANIFEST).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 2}, "format"),
        ({"rows": "many"}, "rows"),
        ({"dump_sha256": None}, "dump_sha256"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_manifest_of_another_kind_is_refused_by_what_is_wrong(
    home: Path, change: dict[str, Any], told: str
) -> None:
    path = home / "0" / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(StackError, match=rf"damaged, or of another release \({told}: "):
        read_manifest(home / "0")


def test_a_cut_off_manifest_and_a_folder_without_one_are_refused(home: Path) -> None:
    path = home / "0" / MANIFEST
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(StackError, match="damaged"):
        read_manifest(home / "0")
    for folder in (home / "mine", home / "none", home / "1" / DUMP):
        with pytest.raises(StackError, match="is not a backup"):
            read_manifest(folder)


def test_whole_backups_are_listed_the_newest_first(home: Path) -> None:
    (home / "1" / MANIFEST).write_text("{")
    assert [folder.name for folder, _ in backups_in(home)] == ["2", "0"]


def test_the_oldest_go_and_nothing_else(home: Path) -> None:
    assert [folder.name for folder in prune(home, 1)] == ["1", "0"]
    assert sorted(path.name for path in home.iterdir()) == ["2", "3.unfinished", "mine"]
    assert prune(home, 1) == []


def test_the_programs_that_are_looked_for_are_the_platforms() -> None:
    assert set(WRITERS) <= {program.name for program in PROGRAMS}


@pytest.mark.parametrize("name", WRITERS)
def test_what_writes_to_the_database_must_not_run(tmp_path: Path, name: str) -> None:
    settings = load_settings(stack={"data_dir": tmp_path}, postgres={"port": 1})
    refuse_while_running(settings)
    held = acquire(settings, name, 0)
    try:
        with pytest.raises(StackError, match=rf"^{name} must not run.*orderpulse down"):
            refuse_while_running(settings)
    finally:
        os.close(held)


def test_the_password_is_in_the_environment_of_the_programs_and_nothing_of_ours_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGSERVICE", "elsewhere")
    monkeypatch.setenv("ORDERPULSE_API__JWT_SECRET", "s" * 40)
    settings: Settings = load_settings(postgres={"password": "let me in", "host": "db"})
    found = client_environment(settings)
    assert (found["PGPASSWORD"], found["PGHOST"]) == ("let me in", "db")
    assert not [name for name in found if name.startswith("ORDERPULSE_") or name == "PGSERVICE"]


def test_a_new_checkpoint_keeps_the_former_one_and_its_note_lasts_until_the_first_batch(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "kpi_1m"
    assert not begins_at_ledger(folder)
    assert begin_at_ledger(folder, NINE) is None
    assert begins_at_ledger(folder)
    aside = begin_at_ledger(folder, NINE)
    assert aside == tmp_path / "kpi_1m.20260301T090000Z"
    assert begins_at_ledger(folder)
    (folder / "offsets").mkdir()
    assert begins_at_ledger(folder), "Spark has not begun yet"
    (folder / "offsets" / "0").touch()
    assert not begins_at_ledger(folder)
