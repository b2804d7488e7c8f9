"""Dagster's own port, without a proxy: a real web server, and a browser that another site's page tries to use."""

import json
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, expect

from bench.browser.chromium import open_browser
from core.settings import PostgresSettings, Settings
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from stack.local.health import health
from tests.connections import all_taken
from tests.dagster_database import dagster_database
from tests.processes import Started

SET = 'mutation { setConcurrencyLimit(concurrencyKey: "%s", limit: 1) }'
KEYS = "{ instance { concurrencyLimits { concurrencyKey } } }"
JSON = {"Content-Type": "application/json"}
LATE_MS = 30_000


@pytest.fixture(scope="module")
def own(settings: Settings, postgres_server: PostgresSettings) -> Iterator[Settings]:
    """Settings of a web server with a database of its own; its code server does not run."""
    webserver, code = free_ports(2)
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-guard-"))
    with dagster_database(postgres_server) as database:
        changes = {"webserver_port": webserver, "code_server_port": code, "database": database.database}
        yield settings.model_copy(
            update={
                "dagster": settings.dagster.model_copy(
                    update=changes | {"public_url": "https://orders.example/dagster"}
                ),
                "stack": settings.stack.model_copy(update={"data_dir": folder}),
            }
        )
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def dagster(own: Settings) -> Iterator[str]:
    """Address of the web server, started as the process manager and the container start it."""
    with Started(own, "dagster_webserver", own.data_dir, signal.SIGTERM) as started:
        started.wait(lambda: health(own, "dagster_webserver", started.pid) == "healthy")
        yield f"http://localhost:{own.dagster.webserver_port}"


@pytest.fixture
def client(dagster: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=dagster, trust_env=False, timeout=30) as opened:
        yield opened


def keys(client: httpx.Client) -> set[str]:
    """What mutations have changed so far."""
    answer = client.post("/graphql", json={"query": KEYS})
    return {each["concurrencyKey"] for each in answer.json()["data"]["instance"]["concurrencyLimits"]}


FORGED = {
    "get": ("GET", {}, 405),
    "get that wants a page": ("GET", {"Accept": "text/html"}, 200),
    "get of another page": ("GET", {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, 403),
    "rebound name": ("GET", {"Host": "evil.example", "Sec-Fetch-Site": "same-origin"}, 421),
    "rebound name by post": ("POST", JSON | {"Host": "evil.example"}, 421),
    "name that begins like ours": ("POST", JSON | {"Host": "localhost.evil.example"}, 421),
    "origin": ("POST", JSON | {"Origin": "http://evil.example"}, 403),
    "no origin to tell": ("POST", JSON | {"Origin": "null"}, 403),
    "another port of this machine": ("POST", JSON | {"Origin": "http://localhost:1"}, 403),
    "fetch metadata": ("POST", JSON | {"Sec-Fetch-Site": "same-site"}, 403),
    "form": ("POST", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "text": ("POST", {"Content-Type": "text/plain"}, 415),
    "text that names json": ("POST", {"Content-Type": "text/plain; application/json"}, 415),
    "without a type": ("POST", {}, 415),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_request_changes_nothing(client: httpx.Client, case: str) -> None:
    method, headers, status = FORGED[case]
    body = json.dumps({"query": SET % case}) if method == "POST" else None
    answer = client.request(
        method,
        f"/graphql?query={quote(SET % case)}",
        headers={"Host": client.base_url.netloc.decode()} | headers,
        content=body,
    )
    assert (answer.status_code, case in keys(client)) == (status, False), answer.text


def test_a_websocket_is_for_own_pages(own: Settings, dagster: str) -> None:
    port = own.dagster.webserver_port

    def answer(host: str, origin: str) -> str:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(
                f"GET /graphql HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                f"Sec-WebSocket-Protocol: graphql-ws\r\n{origin}\r\n".encode()
            )
            return connection.recv(1024).decode().split("\r\n")[0]

    assert dagster.endswith(f":{port}")
    assert "101" in answer(f"localhost:{port}", f"Origin: http://localhost:{port}\r\n")
    assert "101" in answer(f"localhost:{port}", ""), "a program that is no browser"
    assert "101" in answer("orders.example", "Origin: https://orders.example\r\n"), "through the proxy"
    assert "403" in answer(f"localhost:{port}", "Origin: http://evil.example\r\n")
    assert "403" in answer(f"localhost:{port}", "Origin: null\r\n")
    assert "403" in answer("evil.example", "Origin: http://evil.example\r\n")


def test_it_answers_again_after_others_held_all_connections(
    client: httpx.Client, postgres_server: PostgresSettings
) -> None:
    before = keys(client)
    with all_taken(postgres_server):
        assert client.post("/graphql", json={"query": "{ version }"}).status_code == 200
    assert wait_until(lambda: client.post("/graphql", json={"query": KEYS}).status_code == 200, 60)
    assert keys(client) == before


HOSTILE = """<!doctype html><title>hostile</title>
<iframe name="sink"></iframe>
<iframe id="frame" src="{dagster}/runs"></iframe>
<form id="form" method="post" target="sink" action="{dagster}/graphql?query={form}"></form>
<script>
const tries = [
  fetch("{dagster}/graphql?query={get}", {{mode: "no-cors"}}),
  fetch("{dagster}/graphql?query={text}", {{method: "POST", mode: "no-cors", body: "x"}}),
  fetch("{dagster}/graphql", {{method: "POST", mode: "no-cors", body: {json},
    headers: {{"Content-Type": "text/plain; application/json"}}}}),
  new Promise((done) => {{ const image = new Image(); image.onerror = done; image.src = "{dagster}/graphql?query={image}"; }}),
  new Promise((done, refused) => {{
    const socket = new WebSocket("{dagster}/graphql".replace("http", "ws"), "graphql-ws");
    socket.onopen = () => done("open"); socket.onerror = () => refused("refused");
  }}),
  new Promise((done) => {{
    document.querySelector("[name=sink]").addEventListener("load", done); document.getElementById("form").submit();
  }}),
];
Promise.allSettled(tries).then((all) => {{
  document.title = "socket " + all[4].status;
}});
</script>"""


class Hostile(BaseHTTPRequestHandler):
    """Another site: a page on another port of this machine."""

    page = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def hostile(dagster: str) -> Iterator[str]:
    """Address of the other site."""
    ways = {way: quote(SET % f"hostile {way}") for way in ("form", "get", "text", "image")}
    body = json.dumps(json.dumps({"query": SET % "hostile json"}))
    Hostile.page = HOSTILE.format(dagster=dagster, json=body, **ways).encode()
    with ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_another_sites_page_drives_nothing_and_shows_nothing(
    browser: Browser, client: httpx.Client, hostile: str
) -> None:
    page = browser.new_page()
    page.goto(hostile)
    expect(page).to_have_title("socket rejected", timeout=LATE_MS)
    assert {key for key in keys(client) if key.startswith("hostile")} == set()
    frame = page.frame_locator("#frame")
    expect(frame.get_by_text("another site's page")).to_be_visible(timeout=LATE_MS)
    page.close()


def test_dagsters_own_pages_work(browser: Browser, client: httpx.Client, dagster: str) -> None:
    page = browser.new_page()
    failed: list[str] = []
    page.on(
        "response",
        lambda found: failed.append(f"{found.status} {found.url}") if found.status >= 400 else None,
    )
    sockets: list[str] = []
    page.on("websocket", lambda opened: sockets.append(opened.url))
    page.goto(f"{dagster}/deployment/concurrency")
    expect(page.get_by_text("Concurrency").first).to_be_visible(timeout=LATE_MS)
    done = page.evaluate(
        """(query) => fetch("/graphql", {method: "POST", headers: {"Content-Type": "application/json"},
             body: JSON.stringify({query})}).then((answer) => answer.status)""",
        SET % "own",
    )
    assert (done, "own" in keys(client)) == (200, True)
    page.goto(f"{dagster}/runs")
    expect(page.get_by_text("Runs").first).to_be_visible(timeout=LATE_MS)
    assert failed == []
    page.close()
