"""The live stream of a real server over a real database: told at once, resumed, kept up when connections break."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg import sql
from pydantic import SecretStr

from api.app import create_app
from api.live import Live
from api.live.committed import Committed
from api.live.hub import Announcement
from api.live.reader import Reader
from core import postgres
from core.errors import DatabaseError
from core.settings import PostgresSettings, Settings
from core.tables import NOTIFY_CHANNEL
from database.reconcile import recompute
from stack.host.waiting import wait_until
from tests.api_client import serving
from tests.api_process import ApiProcess
from tests.api_rows import MINUTE, Row, announce, write
from tests.live_client import LiveClient
from tests.tokens import SECRET, claims, sign

AT_ONCE_S = 0.3
"""From a commit to the message at the client."""

Connection = psycopg.Connection[Any]


@pytest.fixture
def app(settings: Settings, database: PostgresSettings) -> FastAPI:
    return create_app(settings.model_copy(update={"postgres": database}))


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """A running API that listens to the test's database."""
    with serving(app) as client:
        assert client.get("/livez").status_code == 200
        assert wait_until(lambda: live(app).listener.connected, 10)
        yield str(client.base_url).rstrip("/")


def live(app: FastAPI) -> Live:
    found: Live = app.state.context.live
    return found


class Shop:
    """Commits batches as the streaming job does: rows, ledger, notification, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._batch = 0

    def commit(self, rows: list[Row]) -> float:
        """One batch of each query. Returns when the second was committed, by `time.monotonic`."""
        self._batch += 1
        newest = max(row.event_time for row in rows)
        columns = "id, event_time, event_type, order_id, user_id, amount, currency, status"
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO events_clean ({columns}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [[getattr(row, name) for name in columns.split(", ")] for row in rows],
            )
            announce(
                self._connection, "events_clean", newest, batch_id=self._batch, records_written=len(rows)
            )
            self._notify(query="events_clean", events=len(rows), rejected=0)
        with self._connection.transaction():
            starts = sorted({row.event_time.replace(second=0, microsecond=0) for row in rows})
            recompute(self._connection, starts[0], starts[-1] + MINUTE)
            announce(self._connection, "kpi_1m", newest, batch_id=self._batch, records_written=len(rows))
            self._notify(query="kpi_1m", windows=[start.isoformat() for start in starts[-60:]])
        return time.monotonic()

    def sell(self, *ids: str) -> float:
        """One payment of 10 USD for each id, now."""
        return self.commit([Row(id=each, event_time=datetime.now(UTC)) for each in ids])

    def _notify(self, **payload: Any) -> None:
        text = json.dumps({"batch_id": self._batch, **payload})
        self._connection.execute("SELECT pg_notify(%s, %s)", (NOTIFY_CHANNEL, text))


@pytest.fixture
def shop(connection: Connection) -> Shop:
    return Shop(connection)


def paid(report: dict[str, Any]) -> int:
    found: int = report["current"]["totals"]["payment_success"]
    return found


def shows(number: int) -> Callable[[dict[str, Any]], bool]:
    return lambda report: paid(report) == number


def test_a_committed_batch_is_reported_at_once(address: str, shop: Shop) -> None:
    with LiveClient(address, range="15m", tz="Asia/Ho_Chi_Minh") as client:
        assert client.response.headers["content-type"].startswith("text/event-stream")
        assert client.response.headers["cache-control"] == "no-store"
        assert client.response.headers["x-accel-buffering"] == "no"
        assert paid(client.wait("kpi").data) == 0
        client.wait("beat")
        delays = []
        for number in range(1, 6):
            committed = shop.sell(f"e{number}")
            told = [
                client.wait("events", lambda data, n=number: data["items"][0]["id"] == f"e{n}"),  # type: ignore[misc]
                client.wait("windows", after=committed - 0.2),
                client.wait("kpi", shows(number)),
            ]
            delays.append(max(each.at for each in told) - committed)
            assert wait_until(lambda: time.monotonic() - committed > 0.4, 1)  # noqa: B023  # quiet again
        assert sorted(delays)[len(delays) // 2] < AT_ONCE_S, delays
        asked = httpx.get(f"{address}/api/v1/kpi", params={"range": "15m", "tz": "Asia/Ho_Chi_Minh"}).json()
        shown = client.wait("kpi", shows(5)).data
        assert shown["current"]["currencies"] == asked["current"]["currencies"]
        window = [each for each in client.messages if each.name == "windows"][-1].data["windows"][-1]
        assert {each["currency"] for each in window["currencies"]} == {"USD", "VND"}
        assert client.names.count("resync") == 0


def test_many_changes_are_reported_together(address: str, shop: Shop) -> None:
    with LiveClient(address, range="15m") as client:
        client.wait("kpi")
        began = time.monotonic()
        for number in range(40):
            shop.sell(f"e{number}")
        client.wait("kpi", shows(40))
        took = time.monotonic() - began
        told = client.names.count("kpi") - 1
        assert told <= took / 0.2 + 2, f"{told} updates in {took:.1f} s"


def test_events_are_sampled_and_report_it(address: str, shop: Shop) -> None:
    with LiveClient(address) as client:
        client.wait("beat")
        shop.sell(*(f"few{number}" for number in range(5)))
        few = client.wait("events").data
        assert (len(few["items"]), few["seen"], few["sampled"]) == (5, 5, False)
        shop.sell(*(f"many{number}" for number in range(500)))
        many = client.wait("events", lambda data: data["seen"] == 500).data
        assert many["sampled"]
        assert 0 < len(many["items"]) <= 20
        times = [each["event_time"] for each in many["items"]]
        assert times == sorted(times, reverse=True)


def test_a_client_that_reconnects_gets_what_it_missed(address: str, shop: Shop) -> None:
    with LiveClient(address, range="15m") as client:
        client.wait("kpi")
        shop.sell("before")
        client.wait("kpi", shows(1))
        client.wait("events")
        seen = client.last_id
    shop.sell("meanwhile")
    with LiveClient(address, range="15m") as other:
        other.wait("kpi", shows(2))
    with LiveClient(address, range="15m", last_event_id=seen) as again:
        assert again.wait("events").data["items"][0]["id"] == "meanwhile"
        again.wait("windows")
        again.wait("kpi", shows(2))
        shop.sell("after")
        again.wait("kpi", shows(3))
        assert "resync" not in again.names
        assert [each.data["items"][0]["id"] for each in again.messages if each.name == "events"] == [
            "meanwhile",
            "after",
        ]


def test_a_client_of_another_hub_must_reload(address: str, shop: Shop) -> None:
    with LiveClient(address, last_event_id="0123456789ab-17", range="15m") as client:
        client.wait("resync")
        client.wait("kpi")
        shop.sell("e1")
        client.wait("kpi", shows(1))


def test_more_windows_than_a_notification_names_mean_resync(address: str, shop: Shop) -> None:
    with LiveClient(address) as client:
        client.wait("beat")
        now = datetime.now(UTC)
        shop.commit([Row(id=f"e{minute}", event_time=now - minute * MINUTE) for minute in range(90)])
        client.wait("resync")
        assert len(client.wait("windows").data["windows"]) == 60


def test_a_new_client_gets_windows_that_changed_just_now(address: str, shop: Shop) -> None:
    shop.sell("e1")
    with LiveClient(address) as client:
        assert client.wait("windows").data["windows"][0]["totals"]["payment_success"] == 1


def test_each_client_looks_at_its_own_range(address: str, shop: Shop) -> None:
    with (
        LiveClient(address, range="15m", topics="kpi") as short,
        LiveClient(address, range="today", topics="kpi") as day,
    ):
        committed = shop.sell("e1")
        assert short.wait("kpi", shows(1)).data["current"]["range"]["name"] == "15m"
        assert day.wait("kpi", shows(1)).data["current"]["range"]["name"] == "today"
        assert not {"windows", "events"} & {each.name for each in short.messages if each.at > committed}


def test_one_client_looks_at_several_ranges(address: str, shop: Shop) -> None:
    """Each message names its range, so that the tabs of a browser can share one stream."""
    with LiveClient(address, range="15m,today", tz="Asia/Ho_Chi_Minh", topics="kpi") as client:
        shop.sell("a")
        for name in ("15m", "today"):
            told = client.wait("kpi", partial(shows_of, name))
            assert told.data["current"]["range"]["time_zone"] == "Asia/Ho_Chi_Minh"


def shows_of(name: str, report: dict[str, Any]) -> bool:
    return bool(report["current"]["range"]["name"] == name) and paid(report) == 1


def test_a_range_is_read_again_while_nothing_is_committed(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.updates.KPI_AGE_S", 0.5)
    with LiveClient(address) as client:
        first = client.wait("kpi")
        client.wait("kpi", after=first.at + 0.4)


def test_beats_come_while_nothing_is_committed(address: str, connection: Connection) -> None:
    write(connection, [Row(id="old", event_time=datetime.now(UTC) - timedelta(minutes=10))])
    with LiveClient(address) as client:
        first = client.wait("beat")
        second = client.wait("beat", after=first.at + 1, within_s=8)
        assert 4 < second.at - first.at < 7
        assert second.data["stale"]
        assert 600 < second.data["event_time_lag_s"] < 620


def test_a_beat_is_as_old_as_the_query_that_is_behind(address: str, connection: Connection) -> None:
    now = datetime.now(UTC)
    announce(connection, "events_clean", now)
    announce(connection, "kpi_1m", now - timedelta(minutes=5))
    with LiveClient(address) as client:
        assert 300 < client.wait("beat").data["event_time_lag_s"] < 310


def test_health_is_reported_when_a_component_changes(address: str, connection: Connection) -> None:
    with LiveClient(address, topics="health") as client:
        first = client.wait("health").data
        assert {"generator", "postgres", "api"} <= {each["name"] for each in first["components"]}
        connection.execute(
            "UPDATE ops.service SET desired = 'stopped', reason = 'a test' WHERE name = 'generator'"
        )
        client.wait(
            "health",
            lambda data: any(
                each["name"] == "generator" and each["state"] == "stopped" for each in data["components"]
            ),
        )


def test_the_listening_connection_comes_back(
    app: FastAPI, address: str, shop: Shop, connection: Connection
) -> None:
    with LiveClient(address, range="15m") as client:
        client.wait("kpi")
        terminate_listener(connection)
        assert wait_until(lambda: not live(app).listener.connected, 5, 0.01)
        shop.sell("meanwhile")
        client.wait("kpi", shows(1), within_s=5)
        assert client.wait("events").data["seen"] == 1
        assert wait_until(lambda: live(app).listener.connected, 10)
        committed = shop.sell("after")
        assert client.wait("kpi", shows(2)).at - committed < 1
        assert client.names.count("events") == 2


def test_the_ledger_is_looked_at_while_there_is_no_listening(
    app: FastAPI, address: str, shop: Shop, connection: Connection, postgres_server: PostgresSettings
) -> None:
    with LiveClient(address, range="15m") as client:
        client.wait("kpi")
        with keep_out(connection, postgres_server):
            terminate_listener(connection)
            assert wait_until(lambda: not live(app).listener.connected, 5, 0.01)
            shop.sell("first")
            client.wait("kpi", shows(1), within_s=5)
            shop.sell("second")
            client.wait("kpi", shows(2), within_s=5)
            client.wait("windows")
            client.wait("events", lambda data: data["items"][0]["id"] == "second")
            assert not live(app).listener.connected
        assert wait_until(lambda: live(app).listener.connected, 10)
        committed = shop.sell("third")
        assert client.wait("kpi", shows(3)).at - committed < 1


def test_what_was_missed_is_reported_even_if_the_ledger_cannot_be_read_at_first(
    app: FastAPI, address: str, shop: Shop, connection: Connection, postgres_server: PostgresSettings
) -> None:
    listener = live(app).listener
    reader = listener._reader
    with LiveClient(address, range="15m") as client:
        client.wait("kpi")
        listener._reader = Unreadable(reader.database, app.state.context.settings)
        with keep_out(connection, postgres_server):
            terminate_listener(connection)
            assert wait_until(lambda: not listener.connected, 5, 0.01)
            shop.sell("missed")
        assert wait_until(lambda: listener.connected, 10)
        shop.sell("heard")
        client.wait("events", lambda data: data["seen"] == 1)
        listener._reader = reader
        client.wait("events", lambda data: "missed" in {each["id"] for each in data["items"]}, within_s=5)


class Unreadable(Reader):
    """The ledger through a pool that has no connection yet."""

    async def committed_within(self, seconds: float) -> list[Committed]:
        raise DatabaseError("The database does not respond, or there are too many requests; try again.")


@contextmanager
def keep_out(connection: Connection, server: PostgresSettings) -> Iterator[None]:
    """Nobody else can connect to the connection's database meanwhile."""
    name = sql.Identifier(str(connection.info.dbname))
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with postgres.connect(server, autocommit=True) as other:
        other.execute(allow.format(name, sql.SQL("false")))
        try:
            yield
        finally:
            other.execute(allow.format(name, sql.SQL("true")))


def test_the_api_answers_soon_after_a_long_absence_of_its_database(
    address: str, connection: Connection, postgres_server: PostgresSettings
) -> None:
    def status() -> int:
        return httpx.get(f"{address}/api/v1/kpi", params={"range": "15m"}, timeout=10).status_code

    assert status() == 200
    with keep_out(connection, postgres_server):
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        until = time.monotonic() + 17
        while time.monotonic() < until:
            assert status() == 503
            time.sleep(0.5)  # as a page that asks again; how long the database is away is what counts
    assert wait_until(lambda: status() == 200, 8, 0.5)


def terminate_listener(connection: Connection) -> None:
    ended = connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'orderpulse-live'"
    ).fetchall()
    assert ended == [(True,)]


def test_a_slow_client_is_dropped_and_a_fast_one_continues(app: FastAPI, address: str, shop: Shop) -> None:
    hub, loop = live(app).hub, live(app).loop
    big = [Announcement("windows", json.dumps({"windows": [], "padding": "x" * 500_000}).encode())]
    with LiveClient(address, range="15m") as fast, closing(open_stream(address)) as slow:
        assert wait_until(lambda: hub.open == 2, 5)
        sent = 0
        while hub.dropped == 0:
            loop.call_soon_threadsafe(hub.publish, big)
            sent += 1
            assert wait_until(lambda: fast.names.count("windows") >= sent, 10, 0.001)  # noqa: B023
            assert sent < 300, "nobody was dropped"
        assert wait_until(lambda: hub.open == 1, 5)
        shop.sell("e1")
        fast.wait("kpi", shows(1))
        metrics = httpx.get(f"{address}/metrics").text
        assert "orderpulse_api_dropped_streams_total 1.0" in metrics
        assert "orderpulse_api_open_streams 1.0" in metrics
        slow.settimeout(10)
        assert wait_until(lambda: len(slow.recv(1 << 20)) == 0, 20, 0), "the connection stays open"


def open_stream(address: str) -> socket.socket:
    """A client that asks for a stream and, for all that the server knows, never reads."""
    url = httpx.URL(address)
    opened = socket.create_connection((url.host, url.port or 80), timeout=10)
    opened.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return opened


def test_there_are_as_many_streams_as_the_settings_allow(
    settings: Settings, database: PostgresSettings
) -> None:
    api = settings.api.model_copy(update={"max_streams": 1})
    app = create_app(settings.model_copy(update={"postgres": database, "api": api}))
    with serving(app) as client, LiveClient(str(client.base_url).rstrip("/")):
        refused = client.get("/api/v1/stream")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "ORDERPULSE_API__MAX_STREAMS" in refused.json()["detail"]


@pytest.mark.parametrize(
    "asked",
    [
        {"range": "custom"},
        {"range": "2h"},
        {"range": "15m,"},
        {"range": ""},
        {"tz": "Mars/Olympus"},
        {"topics": "kpi,"},
        {"topic": "kpi"},
    ],
)
def test_a_stream_of_nonsense_is_refused(address: str, asked: dict[str, str]) -> None:
    assert httpx.get(f"{address}/api/v1/stream", params=asked).status_code == 422


def test_a_stream_ends_with_its_token(settings: Settings, database: PostgresSettings) -> None:
    api = settings.api.model_copy(update={"auth": "required", "jwt_secret": SecretStr(SECRET)})
    app = create_app(settings.model_copy(update={"postgres": database, "api": api}))
    with serving(app) as client:
        address = str(client.base_url).rstrip("/")
        assert client.get("/api/v1/stream").status_code == 401
        nearly_over = sign(claims(exp=int(time.time()) - 7))  # the leeway is ten seconds
        with (
            LiveClient(address, token=nearly_over) as short,
            LiveClient(address, token=sign(claims())) as long,
        ):
            short.wait("kpi")
            short.wait_ended(within_s=6)
            assert long.ended_at is None


def test_the_api_serves_while_its_database_is_away(settings: Settings, tmp_path: Path) -> None:
    away = settings.postgres.model_copy(update={"port": 1})
    with ApiProcess(settings.model_copy(update={"postgres": away}), tmp_path) as process:
        ready = httpx.get(f"{process.address}/readyz", timeout=10)
        assert (ready.status_code, ready.headers["content-type"]) == (503, "application/problem+json")
        with LiveClient(process.address) as client:
            beat = client.wait("beat").data
            assert (beat["newest_event_time"], beat["stale"]) == (None, True)
            assert client.wait("health").data["status"] == "down"
        assert process.stopped_after_s() < 3.5


def test_open_streams_do_not_hold_up_the_end(
    settings: Settings, database: PostgresSettings, tmp_path: Path
) -> None:
    with (
        ApiProcess(settings.model_copy(update={"postgres": database}), tmp_path) as process,
        ExitStack() as stack,
    ):
        streams = [stack.enter_context(closing(open_stream(process.address))) for _ in range(100)]
        for stream in streams:
            assert b"text/event-stream" in stream.recv(65536)
        assert process.stopped_after_s() < 3
        for stream in streams:
            assert rest_of(stream).endswith(b"0\r\n\r\n")
        assert "Traceback" not in process.log()


def rest_of(stream: socket.socket) -> bytes:
    found = b""
    while chunk := stream.recv(65536):
        found += chunk
    return found
