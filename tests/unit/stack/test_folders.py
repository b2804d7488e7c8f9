"""Folders in which the platform cannot work are told in words, and those of PostgreSQL's account are open to it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import PrerequisiteError, StackError
from core.settings import Settings, load_settings
from stack.doctor.session import takes_along
from stack.host.folders import check_folders
from stack.host.locks import acquire, holder
from stack.host.unprivileged import Account, can_enter, make_passable, make_readable
from stack.servers.postgres import server as postgres_server

STRANGER = Account(uid=54321, gid=54321)


def at(folder: Path) -> Settings:
    cache = folder.parent / "cache"
    return load_settings(
        stack={"data_dir": folder, "cache_dir": cache}, stream={"checkpoint_dir": folder / "c"}
    )


def refusal(settings: Settings) -> str:
    with pytest.raises(PrerequisiteError) as refused:
        check_folders(settings)
    return str(refused.value)


@pytest.mark.parametrize(
    "name", ["plain", "with blanks", "nguyễn", "dự án", "it's (1) & +@=~", "مشروع", "店"]
)
def test_a_name_that_every_tool_takes_is_taken(tmp_path: Path, name: str) -> None:
    check_folders(at(tmp_path / name))


@pytest.mark.parametrize("letter", [*'!:,;"#%*?[]{}\\$`\n'])
def test_a_name_that_a_tool_would_split_or_expand_is_refused(tmp_path: Path, letter: str) -> None:
    said = refusal(at(tmp_path / f"a{letter}b"))
    assert f"has {letter!r}, which some tools cannot handle: rename it" in said


def test_a_file_system_without_the_right_to_execute_is_refused(tmp_path: Path) -> None:
    look = "import sys; from tests.unit.stack.test_folders import *; print(refusal(at(Path(sys.argv[1]))))"
    mount = 'mount -t tmpfs -o noexec tmpfs "$1" && exec "$0" -c "$2" "$1/data"'
    answer = subprocess.run(
        [
            "unshare",
            "--mount",
            *([] if os.geteuid() == 0 else ["--map-root-user"]),
            "sh",
            "-c",
            mount,
            sys.executable,
            str(tmp_path),
            look,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{tmp_path}/data is on a file system without the right to execute (noexec)" in answer.stdout, (
        answer
    )


def test_data_of_another_user_are_refused_with_their_owner(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "kafka").mkdir(parents=True)
    check_folders(at(data))
    if os.geteuid() == 0:
        os.chown(data / "kafka", STRANGER.uid, STRANGER.gid)
        assert f"{data / 'kafka'} belongs to {STRANGER.uid}, who ran the platform here before" in refusal(
            at(data)
        )


def test_locks_of_another_user_are_a_sentence(tmp_path: Path) -> None:
    """In a child that is no more root: for root no lock is closed."""
    settings = at(tmp_path / "data")
    os.close(acquire(settings, "kafka", 0))
    tmp_path.chmod(0o755)
    (tmp_path / "data" / "locks" / "kafka.lock").chmod(0)
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setuid(STRANGER.uid)
        try:
            holder(settings, "kafka")
        except StackError as error:
            os._exit(0 if "belongs to another user" in str(error) else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_folders_made_under_a_closed_umask_are_open_to_the_account(tmp_path: Path) -> None:
    former = os.umask(0o077)
    try:
        home = tmp_path / "outer" / "home"
        make_passable(STRANGER, home.parent, home)
        program = home / "bin" / "postgres"
        program.parent.mkdir()
        program.touch(0o700)
        (home / "bin" / "words").touch()
        make_readable(home)
    finally:
        os.umask(former)
    assert all(
        stat.S_IMODE(path.stat().st_mode) & 0o001 for path in (home.parent, home, home / "bin", program)
    )
    assert stat.S_IMODE((home / "bin" / "words").stat().st_mode) == 0o644
    make_passable(None, tmp_path / "own")
    assert (tmp_path / "own").is_dir()


def test_a_cluster_stays_where_it_is_and_a_closed_way_to_it_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_server, "server_account", lambda: STRANGER)
    monkeypatch.setattr(postgres_server, "OPEN_FOLDER", tmp_path / "open")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "data" / "postgres"
    assert postgres_server.cluster_home(at(closed / "data")).parent == tmp_path / "open"
    (home / "cluster").mkdir(parents=True)
    assert postgres_server.cluster_home(at(closed / "data")) == home, "a new one would be empty"
    assert not can_enter(STRANGER, home)
    with pytest.raises(PrerequisiteError, match="who cannot enter"):
        postgres_server.make_home(home, STRANGER)


@pytest.mark.parametrize(
    ("groups", "kills", "user", "taken"),
    [
        ("0::/user.slice/user-1000.slice/session-3.scope\n", "b true", "ann", True),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", "b false", "ann", False),
        ("0::/user.slice/user-0.slice/session-c1.scope\n", "b true", "root", False),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n", "b true", "ann", False),
        ("1:name=systemd:/user.slice/user-1000.slice/session-12.scope\n", "b true", "ann", True),
        ("0::/\n", "b true", "ann", False),
    ],
)
def test_a_session_that_takes_the_platform_along_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: str, kills: str, user: str, taken: bool
) -> None:
    """A program answers as systemd's busctl does."""
    busctl = tmp_path / "busctl"
    answers = (
        f"""case "$5" in KillUserProcesses) echo '{kills}';; KillExcludeUsers) echo 'as 1 "root"';; esac"""
    )
    busctl.write_text(f"#!/bin/sh\n{answers}\n", encoding="utf-8")
    busctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert takes_along(groups, user) is taken
