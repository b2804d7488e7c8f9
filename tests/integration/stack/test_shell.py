"""Shells and machines on which people start the platform: each works, or is refused in words before anything starts."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, Producer

from core import kafka, postgres
from core.settings import Settings
from stack.servers.jars import ensure_jars
from tests.checkout import NO_EXEC, Checkout, checkout, ordinary_user
from tests.foreign_shell import foreign_variables

NAME = "it's nguyễn & dự án (1) +@=~"
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
SERVERS = ("postgres", "kafka")
ARABIC = {
    "LANG": "ar_EG.UTF-8",
    "LC_ALL": "ar_EG.UTF-8",
    "JAVA_TOOL_OPTIONS": "-Duser.language=ar -Duser.country=EG",
}
"""With these Java writes numbers in Arabic digits, in the names of Kafka's files too."""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that everybody may enter, outside /tmp."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-shell-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(
    params=[
        "a foreign shell and umask 077",
        pytest.param("an Arabic shell and umask 027", marks=pytest.mark.slow),
        pytest.param("an ordinary user", marks=pytest.mark.slow),
    ]
)
def place(request: pytest.FixtureRequest, home: Path, settings: Settings) -> Iterator[Checkout]:
    """A checkout in a folder with blanks and letters of other languages, whose `.env` was written on Windows."""
    ensure_jars(settings)
    if request.param == "an ordinary user":
        with ordinary_user(home / "user") as user, checkout(home / NAME, settings, user) as copy:
            yield copy
        return
    with checkout(home / NAME, settings) as copy:
        is_arabic = request.param.startswith("an Arabic")
        copy.umask = 0o027 if is_arabic else 0o077
        copy.variables = ARABIC if is_arabic else foreign_variables(home)
        copy.mounts = NO_EXEC if os.geteuid() == 0 else []
        yield copy


def test_the_servers_start_and_work(place: Checkout) -> None:
    assert "orderpulse up --only" not in place.command("up", "--only", ",".join(SERVERS))
    found = place.programs()
    assert {name: found[name]["health"] for name in SERVERS} == dict.fromkeys(SERVERS, "healthy")
    assert (place.folder / ".data" / "kafka" / "log" / "meta.properties").is_file(), (
        "and not in another folder"
    )
    (first,) = (place.folder / ".data" / "kafka" / "log").glob(f"{place.settings.kafka.topic}-0/*.log")
    assert first.name == "00000000000000000000.log"
    assert [path.name for path in place.folder.parent.glob("it*")] == [NAME]
    _produce_with_each_codec(place.settings)
    with postgres.connect(place.settings.postgres) as connection:
        assert connection.execute("SELECT count(*) FROM kpi_1m").fetchone() == (0,)
    _see_no_foreign_variable(found["kafka"]["pid"])
    assert "Everything is stopped." in place.command("down")


def test_a_checkout_of_another_user_is_refused_before_anything_starts(home: Path, settings: Settings) -> None:
    ensure_jars(settings)
    with ordinary_user(home / "user") as user, checkout(home / NAME, settings) as copy:
        copy.user = user
        copy.folder.chmod(0o555)
        for command in (("doctor",), ("up", "--only", "postgres")):
            answer = copy.run(*command)
            assert answer.returncode == 1
            said = answer.stdout + answer.stderr
            assert f"{copy.folder} belongs to " in said, said
            assert "may not be written by" in said
            assert "ORDERPULSE_STACK__DATA_DIR" in said
            assert "Traceback" not in said
        assert not (copy.folder / ".data").exists()
        copy.folder.chmod(0o755)


def _produce_with_each_codec(settings: Settings) -> None:
    """The broker decompresses what it is sent, with native libraries for two of the codecs."""
    for codec in CODECS:
        client = {"compression.type": codec, "message.timeout.ms": 10_000}
        producer = Producer(kafka.client_config(settings.kafka, acks="all") | client)
        refused: list[KafkaError] = []

        def note(error: KafkaError | None, _: object, seen: list[KafkaError] = refused) -> None:
            if error is not None:
                seen.append(error)

        for _ in range(20):
            producer.produce(settings.kafka.topic, b"{}" * 500, on_delivery=note)
        assert producer.flush(15) == 0, codec
        assert refused == [], codec
    ends = kafka.end_offsets(settings.kafka, settings.kafka.topic)
    assert sum(ends.values()) == 20 * len(CODECS)


def _see_no_foreign_variable(pid: int) -> None:
    variables = dict(
        line.split("=", 1) for line in Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in line
    )
    foreign = set(foreign_variables(Path(tempfile.gettempdir()))) - {"LC_ALL"}
    assert {name for name in foreign & set(variables) if not name.lower().endswith("_proxy")} == set()
    assert variables["LC_ALL"] == "C.UTF-8"
