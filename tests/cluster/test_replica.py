"""The streaming replica of the cluster's profile, on real servers: it follows, dies, comes back, is recreated."""

import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import httpx
import psutil
import psycopg
import pytest

from api.app import API_PREFIX, create_app
from core import postgres
from core.settings import Environment, PostgresSettings, Settings, load_settings
from database import migrate
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from stack.secure.identities import as_identity, secret, secured
from stack.servers.postgres import server as postgres_server
from stack.servers.postgres.access import REPLICA_USER
from stack.servers.postgres.replica import NAME, replica_health, replica_settings
from tests.api_client import serving
from tests.postgres_package import ensure_postgres_with_tls
from tests.processes import Started

DEADLINE_S = 30.0
WRITES = 20
MORE_THAN_IS_KEPT = 70
"""Segments of 16 MB: more than the primary keeps for a replica that is away (1 GB)."""


@dataclass
class Pair:
    """A primary and its replica, running. `settings` are the owner's."""

    settings: Settings
    primary: Started
    replica: Started

    def well(self) -> bool:
        return replica_health(self.settings) == "healthy"

    def write(self, window: int) -> None:
        """One row, as the stream commits it: at the primary."""
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO kpi_1m (window_start, window_end) VALUES (to_timestamp(%s), to_timestamp(%s))",
                (window * 60, window * 60 + 60),
            )

    def has(self, window: int) -> bool:
        """Whether the row can be read at the replica."""
        return _count(replica_settings(self.settings), window) == 1


def _count(place: PostgresSettings, window: int) -> int:
    with postgres.connect(place, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM kpi_1m WHERE window_start = to_timestamp(%s)", (window * 60,)
        ).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def started_pair(*, secure: bool) -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-replica-"))
    folder.chmod(0o755)  # for PostgreSQL's own account
    primary_port, replica_port = free_ports(2)
    settings = load_settings(
        environment=Environment.TEST,
        postgres={"port": primary_port},
        cluster={"replica_port": replica_port},
        api={"replica_host": "localhost", "replica_port": replica_port, "share_ms": 0},
        stack={"data_dir": folder / "data", "profile": "cluster", "security": "on" if secure else "off"},
        stream={"checkpoint_dir": folder / "checkpoints"},
    )
    if secure:
        settings = secured(settings)
    primary = Started(settings, "postgres", folder, signal.SIGINT)
    replica = Started(settings, NAME, folder, signal.SIGINT)
    try:
        with primary:
            primary.wait(lambda: postgres_server.accepts(settings))
            postgres_server.ensure_database(settings)
            migrate(settings.postgres)
            with replica:
                pair = Pair(settings, primary, replica)
                replica.wait(lambda: _answers(pair))
                yield pair
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(pair: Pair) -> bool:
    try:
        with postgres.connect(replica_settings(pair.settings), autocommit=True):
            return pair.well()
    except psycopg.OperationalError:
        return False


def restart(pair: Pair) -> None:
    pair.replica.start()
    pair.replica.wait(lambda: _answers(pair))


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with started_pair(secure=False) as running:
        yield running


@pytest.fixture
def client(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """The API, which looks every few seconds whether the replica is back."""
    monkeypatch.setattr("api.database.REPLICA_CONNECTION_LIFETIME_S", 5.0)
    with serving(create_app(pair.settings), base_path=API_PREFIX) as opened:
        yield opened


def about_postgres(client: httpx.Client) -> tuple[str, str]:
    components = client.get("/health").raise_for_status().json()["components"]
    return next((each["state"], each["summary"]) for each in components if each["name"] == "postgres")


def test_what_is_committed_is_read_at_the_replica_at_once(
    pair: Pair, measured: Callable[[str], None]
) -> None:
    took = []
    with postgres.connect(replica_settings(pair.settings), autocommit=True) as connection:
        for window in range(WRITES):
            pair.write(window)
            began = time.perf_counter()
            assert wait_until(partial(_sees, connection, window + 1), DEADLINE_S, poll_s=0.001)
            took.append((time.perf_counter() - began) * 1000)
    measured(
        f"replica: a committed row is read there after {median(took):.1f} ms (p50), {max(took):.1f} ms (max)"
    )
    assert median(took) < 1000


def _sees(connection: psycopg.Connection[tuple[object, ...]], rows: int) -> bool:
    return connection.execute("SELECT count(*) FROM kpi_1m").fetchone() == (rows,)


def test_the_replica_takes_no_writes(pair: Pair) -> None:
    with (
        postgres.connect(replica_settings(pair.settings), autocommit=True) as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("DELETE FROM kpi_1m")


def test_the_api_reads_at_the_replica_and_listens_at_the_primary(pair: Pair, client: httpx.Client) -> None:
    assert wait_until(lambda: about_postgres(client)[0] == "ok", DEADLINE_S)
    state, summary = about_postgres(client)
    assert (state, "a replica, " in summary) == ("ok", True), summary
    listening = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orderpulse-live'"
    seen = []
    for place in (pair.settings.postgres, replica_settings(pair.settings)):
        with postgres.connect(place, autocommit=True) as connection:
            seen.append(connection.execute(listening).fetchone())
    assert seen == [(1,), (0,)]


def test_a_killed_replica_stops_neither_reads_nor_writes_and_catches_up(
    pair: Pair, client: httpx.Client, measured: Callable[[str], None]
) -> None:
    assert wait_until(lambda: about_postgres(client)[0] == "ok", DEADLINE_S)
    pair.replica.kill()
    for window in range(100, 120):
        pair.write(window)
        assert client.get("/kpi").status_code == httpx.codes.OK
    state, summary = about_postgres(client)
    assert (state, "the replica does not answer, so this is the primary" in summary) == ("warning", True), (
        summary
    )
    began = time.perf_counter()
    restart(pair)
    assert wait_until(lambda: pair.has(119), DEADLINE_S)
    measured(
        f"replica: kill -9, started again, all rows read there after {time.perf_counter() - began:.1f} s"
    )
    assert "replica.recreated" not in pair.replica.log.read_text().split("there is none yet")[-1]
    assert wait_until(lambda: "a replica" in about_postgres(client)[1], DEADLINE_S), "reads went back to it"


@pytest.mark.slow
def test_a_replica_that_hangs_is_left_for_the_primary(
    pair: Pair, client: httpx.Client, measured: Callable[[str], None]
) -> None:
    assert wait_until(lambda: about_postgres(client)[0] == "ok", DEADLINE_S)
    leader = psutil.Process(pair.replica.pid)
    processes = [leader, *leader.children(recursive=True)]
    began = time.perf_counter()
    for process in processes:
        process.suspend()
    try:
        assert wait_until(lambda: "so this is the primary" in about_postgres(client)[1], DEADLINE_S)
        measured(
            f"replica: hangs, the API answers from the primary after {time.perf_counter() - began:.1f} s"
        )
        assert client.get("/kpi").status_code == httpx.codes.OK
    finally:
        for process in processes:
            process.resume()
    assert wait_until(lambda: "a replica, " in about_postgres(client)[1], DEADLINE_S), "reads went back to it"


def test_a_replica_that_the_primary_does_not_know_is_recreated(pair: Pair) -> None:
    pair.replica.stop()
    superuser = postgres_server.superuser_settings(pair.settings)
    with postgres.connect(superuser, autocommit=True) as connection:
        connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    pair.write(200)
    restart(pair)
    assert "the primary does not know it" in pair.replica.log.read_text()
    assert wait_until(lambda: pair.has(200), DEADLINE_S)


@pytest.mark.slow
def test_a_replica_that_is_too_far_behind_is_recreated(pair: Pair) -> None:
    pair.replica.stop()
    superuser = postgres_server.superuser_settings(pair.settings)
    with postgres.connect(superuser, autocommit=True) as connection:
        for _ in range(MORE_THAN_IS_KEPT):
            connection.execute("SELECT pg_logical_emit_message(true, 'test', 'x')")
            connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")
        status = connection.execute("SELECT wal_status FROM pg_replication_slots").fetchone()
    assert status == ("lost",)
    pair.write(250)
    restart(pair)
    assert "it is too far behind" in pair.replica.log.read_text()
    assert wait_until(lambda: pair.has(250), DEADLINE_S)


def test_a_replica_starts_while_its_primary_is_away(pair: Pair) -> None:
    pair.replica.kill()
    pair.primary.kill()
    pair.replica.start()
    assert wait_until(lambda: _readable(pair), DEADLINE_S), pair.replica.tail()
    assert "replica.primary_away" in pair.replica.log.read_text()
    pair.primary.start()
    pair.primary.wait(lambda: postgres_server.accepts(pair.settings))
    pair.write(300)
    assert wait_until(lambda: pair.has(300), DEADLINE_S), pair.replica.tail()


def _readable(pair: Pair) -> bool:
    try:
        return pair.has(200)
    except psycopg.OperationalError:
        return False


def test_a_secured_replica_follows_and_is_read_over_tls() -> None:
    ensure_postgres_with_tls()
    with started_pair(secure=True) as pair:
        pair.write(1)
        assert wait_until(lambda: pair.has(1), DEADLINE_S)
        superuser = postgres_server.superuser_settings(pair.settings)
        with postgres.connect(superuser, autocommit=True) as connection:
            streams = connection.execute(
                "SELECT usename, ssl, version FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)"
            ).fetchall()
        assert streams == [(REPLICA_USER, True, "TLSv1.3")]
        api = as_identity(pair.settings, "api").postgres
        assert _count(api.model_copy(update={"port": pair.settings.cluster.replica_port}), 1) == 1
        refuse_all_but_replication(pair.settings)


def refuse_all_but_replication(settings: Settings) -> None:
    """The replica's user enters no database, and comes over TLS only."""
    own = {"user": REPLICA_USER, "password": secret(settings, "replica")}
    place = PostgresSettings.model_validate(settings.postgres.model_dump() | own)
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection"):
        postgres.connect(place)
    plain = place.model_copy(update={"sslmode": "disable"})
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects replication connection"):
        postgres.connect(plain, replication="true")
