"""The lock of jars, and that a changed jar is noticed."""

import hashlib
import re
from pathlib import Path

import pytest

from core.errors import PrerequisiteError
from core.settings import Settings, load_settings
from stack.servers.jars import Jar, missing_jars, read_lock, verify


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(stack={"cache_dir": tmp_path})


def test_the_lock_gives_each_jar_a_version_and_a_checksum() -> None:
    for jars in read_lock().values():
        assert len({jar.coordinate for jar in jars}) == len(jars) > 0
        for jar in jars:
            assert re.fullmatch(r"[\w.-]+:[\w.-]+:\d[\w.-]*", jar.coordinate)
            assert re.fullmatch(r"[0-9a-f]{64}", jar.sha256)


def test_a_jar_is_named_after_its_artifact_and_version() -> None:
    assert Jar("org.apache.kafka:kafka_2.13:4.2.0", "").filename == "kafka_2.13-4.2.0.jar"


def test_the_right_file_passes(tmp_path: Path) -> None:
    path = tmp_path / "a-1.jar"
    path.write_bytes(b"right")
    verify(Jar("g:a:1", hashlib.sha256(b"right").hexdigest()), path)


def test_a_wrong_checksum_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "a-1.jar"
    path.write_bytes(b"wrong")
    with pytest.raises(
        PrerequisiteError, match=r"a-1\.jar is not the file that stack/servers/jars\.lock lists"
    ):
        verify(Jar("g:a:1", hashlib.sha256(b"right").hexdigest()), path)


def test_an_empty_cache_lacks_every_jar(settings: Settings) -> None:
    assert missing_jars(settings, "spark") == read_lock()["spark"]


def test_a_changed_jar_in_the_cache_is_refused(settings: Settings) -> None:
    folder = settings.cache_dir / "jars" / "spark"
    folder.mkdir(parents=True)
    (folder / read_lock()["spark"][0].filename).write_bytes(b"changed")
    with pytest.raises(PrerequisiteError, match="not the file"):
        missing_jars(settings, "spark")
