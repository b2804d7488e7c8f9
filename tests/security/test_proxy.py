"""The proxy before the platform: a real nginx, a real read-only Dagster, and who gets where."""

import base64
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bench.browser.chromium import open_browser
from core.errors import StackError
from core.settings import Settings
from stack.deploy.proxy import add_person
from stack.host.environment import child_environment
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from stack.servers.dagster.home import webserver_command
from tests.nginx import Proxy, Upstream, make_plan, running

DAGSTER_TIMEOUT_S = 90.0
AREAS = ("/dagster/", "/dagster-view/", "/dbt/", "/grafana/")
MUTATION = 'mutation { deletePipelineRun(runId: "none") { __typename } }'


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the servers' account can enter."""
    made = Path(tempfile.mkdtemp(prefix="orderpulse-proxy-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def upstreams() -> Iterator[dict[str, Upstream]]:
    """What stands behind the proxy, but for the viewers' Dagster."""
    names = ("api", "dagster", "docs", "charts", "intake")
    found = {name: Upstream(name, port) for name, port in zip(names, free_ports(5), strict=True)}
    yield found
    for upstream in found.values():
        upstream.shutdown()
        upstream.server_close()


@pytest.fixture(scope="module")
def viewers(settings: Settings, folder: Path) -> Iterator[int]:
    """Port of a real read-only Dagster, whose code server does not run."""
    port, code = free_ports(2)
    home = folder / "dagster"
    home.mkdir()
    ports: dict[str, object] = {"webserver_port": port, "code_server_port": code}
    changes = ports | {"read_only": True, "path_prefix": "/dagster-view"}
    own = settings.model_copy(update={"dagster": settings.dagster.model_copy(update=changes)})
    environment = child_environment(own) | {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            webserver_command(), env=environment, cwd=settings.root, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}/dagster-view/server_info"

    def answers() -> bool:
        try:
            return httpx.get(address, trust_env=False).status_code == 200
        except httpx.TransportError:
            return process.poll() is not None

    try:
        assert wait_until(answers, DAGSTER_TIMEOUT_S), (home / "log").read_text()
        assert process.poll() is None, (home / "log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def proxy(settings: Settings, folder: Path, upstreams: dict[str, Upstream], viewers: int) -> Iterator[Proxy]:
    """The proxy before them."""
    ports = {name: upstream.server_port for name, upstream in upstreams.items()} | {"viewers": viewers}
    with running(settings, *make_plan(settings, folder, ports)) as found:
        yield found


def status(client: httpx.Client, path: str, **options: object) -> int:
    with client:
        return client.get(path, **options).status_code  # type: ignore[arg-type]  # httpx's own options


@pytest.mark.parametrize("path", AREAS)
def test_nobody_gets_in_without_the_right_password(proxy: Proxy, path: str) -> None:
    assert status(proxy.client(), path) == 401
    assert status(proxy.client("operator", "wrong"), path) == 401
    assert status(proxy.client("viewer", "the operator's long password"), path) == 401
    assert status(proxy.client("nobody", "wrong"), path) == 401
    assert status(proxy.client(), path, headers={"Authorization": "Bearer abc"}) == 401
    assert status(proxy.client(), path, headers={"Authorization": "Basic !!"}) == 401


def test_who_may_what(proxy: Proxy, upstreams: dict[str, Upstream]) -> None:
    assert status(proxy.client("viewer"), "/dagster/") == 403
    assert status(proxy.client("viewer"), "/dagster-view/server_info") == 200
    assert status(proxy.client("viewer"), "/dbt/index.html") == 200
    assert status(proxy.client("operator"), "/dagster-view/server_info") == 200

    with proxy.client("operator") as operator:
        answer = operator.get("/dagster/runs?limit=1", headers={"Cookie": "theirs=1"})
    assert (answer.status_code, answer.text) == (200, "dagster")
    method, path, headers = upstreams["dagster"].asked[-1]
    assert (method, path) == ("GET", "/dagster/runs?limit=1")
    assert headers["x-forwarded-user"] == "operator"
    assert "authorization" not in headers, "Dagster needs nobody's password"
    assert "cookie" not in headers
    assert upstreams["docs"].asked[-1][1] == "/index.html"

    with proxy.client("viewer") as viewer:
        assert viewer.get("/grafana/d/orderpulse", headers={"Cookie": "theirs=1"}).text == "charts"
        query = "/grafana/api/ds/query"
        assert viewer.post(query, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    method, path, headers = upstreams["charts"].asked[-1]
    assert (method, path) == ("GET", "/grafana/d/orderpulse")
    assert not {"authorization", "cookie"} & set(headers), (
        "Grafana lets everybody look that the proxy lets in"
    )


def test_the_api_gets_its_token_and_asks_for_it_itself(proxy: Proxy, upstreams: dict[str, Upstream]) -> None:
    with proxy.client() as client:
        assert client.get("/api/v1/kpi", headers={"Authorization": "Bearer abc"}).text == "api"
    _, path, headers = upstreams["api"].asked[-1]
    assert (path, headers["authorization"]) == ("/api/v1/kpi", "Bearer abc")
    assert headers["x-forwarded-proto"] == "https"


def test_intake_gets_the_message_as_it_was_signed(proxy: Proxy, upstreams: dict[str, Upstream]) -> None:
    with proxy.client() as client:
        signed = {"Stripe-Signature": "t=1,v1=00", "Authorization": "Bearer abc"}
        assert client.post("/v1/sources/stripe", content=b"{}", headers=signed).text == "intake"
        assert client.get("/v1/sources/vnpay?vnp_Amount=1&vnp_OrderInfo=a+b%2Fc").text == "intake"
        assert client.post("/v1/events", content=bytes(4_100_000)).status_code == 200
        assert client.post("/v1/events", content=bytes(5_000_000)).status_code == 413
        assert client.get("/metrics").text == "api", "its own are for the machine alone"
        assert client.get("/internal/sources").text == "api", "so is what only the API may ask"
        assert client.get("/v1/%2e%2e/internal/sources").text == "api"
    posted, asked = upstreams["intake"].asked[:2]
    assert posted[:2] == ("POST", "/v1/sources/stripe")
    assert (posted[2]["stripe-signature"], posted[2]["authorization"]) == ("t=1,v1=00", "Bearer abc")
    assert asked[:2] == ("GET", "/v1/sources/vnpay?vnp_Amount=1&vnp_OrderInfo=a+b%2Fc")


@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_the_viewers_dagster_changes_nothing(proxy: Proxy, who: str) -> None:
    with proxy.client(who) as client:
        read = client.post("/dagster-view/graphql", json={"query": "{ version }"})
        assert read.json()["data"]["version"]
        change = client.post("/dagster-view/graphql", json={"query": MUTATION})
    assert change.json()["data"]["deletePipelineRun"]["__typename"] == "UnauthorizedError"


def test_websockets_pass(proxy: Proxy) -> None:
    credentials = base64.b64encode(b"viewer:the viewer's long password").decode()
    answer = raw(
        proxy,
        "GET /dagster-view/graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Protocol: graphql-ws\r\nAuthorization: Basic {credentials}\r\n\r\n",
    )
    assert answer.startswith("HTTP/1.1 101")


@pytest.mark.parametrize(
    "target",
    [
        "/dagster-view/../dagster/graphql",
        "/dagster-view/%2e%2e/dagster/graphql",
        "/dagster-view/..%2fdagster/graphql",
        "/dagster-view/%252e%252e/dagster/graphql",
        "/dagster-view/..;/dagster/graphql",
        "/dbt/../dagster/graphql",
        "/api/../dagster/graphql",
        "/api/%2e%2e/dagster/graphql",
        "//dagster/graphql",
        "/./dagster/graphql",
        "/%64agster/graphql",
        "/DAGSTER/graphql",
        "/dagster%2fgraphql",
        "/dagster%00/graphql",
        "/dagster\\graphql",
        "/dagster/graphql#/dagster-view/",
        "http://localhost/dagster/graphql",
        "https://elsewhere/dagster/graphql",
    ],
)
@pytest.mark.parametrize("credentials", ["", "viewer:the viewer's long password"])
def test_tricks_with_the_path_lead_nowhere(
    proxy: Proxy, upstreams: dict[str, Upstream], target: str, credentials: str
) -> None:
    asked = len(upstreams["dagster"].asked)
    words = (
        f"Authorization: Basic {base64.b64encode(credentials.encode()).decode()}\r\n" if credentials else ""
    )
    answer = raw(proxy, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{words}\r\n")
    assert len(upstreams["dagster"].asked) == asked
    assert answer.startswith("HTTP/1.1 "), answer
    assert not answer.endswith("dagster")


def test_the_same_path_leads_an_operator_there(proxy: Proxy, upstreams: dict[str, Upstream]) -> None:
    """So the tricks above are refused for who asks, not because they lead nowhere at all."""
    words = base64.b64encode(b"operator:the operator's long password").decode()
    request = "GET /dagster-view/%2e%2e/dagster/graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert raw(proxy, f"{request}Authorization: Basic {words}\r\n\r\n").endswith("dagster")


def test_the_question_who_operates_cannot_be_asked_from_outside(proxy: Proxy) -> None:
    assert status(proxy.client("operator"), "/-/operator") == 404


def test_another_sites_page_cannot_use_a_password_that_the_browser_knows(proxy: Proxy) -> None:
    for path in ("/dagster/graphql", "/dagster-view/graphql"):
        for headers in (
            {"Origin": "https://elsewhere"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": "null"},
        ):
            with proxy.client("operator") as client:
                assert client.post(path, json={"query": "{ version }"}, headers=headers).status_code == 403
            with proxy.client("operator") as client:
                assert client.get(path, headers=headers).status_code == 403
    own = {"Origin": proxy.url, "Sec-Fetch-Site": "same-origin"}
    assert status(proxy.client("operator"), "/dagster/", headers=own) == 200


def test_a_link_on_another_sites_page_opens_the_page_and_does_no_more(proxy: Proxy) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert status(proxy.client("operator"), "/dagster/runs/1", headers=link) == 200
    assert status(proxy.client("viewer"), "/dagster-view/runs", headers=link) == 200
    assert status(proxy.client("operator"), "/dagster/", headers=link | {"Sec-Fetch-Dest": "iframe"}) == 403
    assert (
        status(proxy.client("operator"), "/dagster/", headers=link | {"Origin": "https://elsewhere"}) == 403
    )
    with proxy.client("operator") as client:
        assert client.post("/dagster/graphql", json={}, headers=link).status_code == 403


def test_nothing_goes_without_tls_1_3(proxy: Proxy) -> None:
    plain = httpx.get(f"{proxy.plain}/dagster/?a=1", trust_env=False, follow_redirects=False)
    assert (plain.status_code, plain.headers["location"]) == (308, f"{proxy.url}/dagster/?a=1")
    assert httpx.get(f"http://localhost:{proxy.port}/", trust_env=False).status_code == 400

    old = proxy.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("localhost", proxy.port)) as connection, pytest.raises(ssl.SSLError):
        old.wrap_socket(connection, server_hostname="localhost")
    strangers = ssl.create_default_context()
    with socket.create_connection(("localhost", proxy.port)) as connection, pytest.raises(ssl.SSLError):
        strangers.wrap_socket(connection, server_hostname="localhost")


def test_a_browser_is_served_over_http_2(proxy: Proxy, upstreams: dict[str, Upstream]) -> None:
    """Where requests share a connection, held streams take none from the others."""
    with open_browser() as browser:
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.goto(f"{proxy.url}/api/v1/kpi")
        kind = page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
        assert (kind, page.inner_text("body")) == ("h2", "api")
    assert upstreams["api"].asked[-1][2]["host"] == f"localhost:{proxy.port}"


def test_it_answers_to_its_own_name_alone(proxy: Proxy) -> None:
    assert status(proxy.client(), "/", headers={"Host": "elsewhere"}) == 421


def test_pages_carry_the_headers_that_keep_them_to_themselves(proxy: Proxy) -> None:
    for path in AREAS:
        with proxy.client("operator") as client:
            headers = client.get(path).headers
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "nginx/" not in headers["server"]


def test_a_body_may_have_a_megabyte(proxy: Proxy) -> None:
    with proxy.client("operator") as client:
        assert client.post("/dagster/graphql", content=b"x" * (1 << 20)).status_code == 200
        assert client.post("/dagster/graphql", content=b"x" * (1 << 20) + b"x").status_code == 413


def test_guesses_are_limited_and_who_is_in_already_does_not_notice(settings: Settings, proxy: Proxy) -> None:
    plan = replace(proxy.plan, logins_at_once=3, logins_per_minute=1)
    with running(settings, plan, proxy.authority) as strict, strict.client("operator") as inside:
        assert inside.get("/dagster/").status_code == 200, "one of four, and the cookie that lifts the limit"
        seen = [status(strict.client("operator", "wrong"), "/dagster/") for _ in range(5)]
        assert seen == [401, 401, 401, 429, 429]
        assert status(strict.client("operator"), "/dagster/") == 429, "nor is the right one heard"
        assert [inside.get("/dagster/").status_code for _ in range(10)] == [200] * 10
        stolen = {"Cookie": f"orderpulse_operator={inside.cookies['orderpulse_operator']}"}
        assert status(strict.client(), "/dagster/", headers=stolen) == 401, "the cookie opens nothing"


def test_people_and_their_passwords(tmp_path: Path) -> None:
    add_person(tmp_path, "ann", "one long password", operator=True)
    add_person(tmp_path, "bob", "two long passwords", operator=False)
    add_person(tmp_path, "ann", "three long passwords", operator=False)
    lines = (tmp_path / "passwords").read_text().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["bob", "ann"]
    assert all(":$2b$" in line for line in lines)
    assert (tmp_path / "operators").read_text() == ""
    for name, password in (
        ("ann:", "one long password"),
        ('a" operator', "x" * 20),
        ("ann", "short"),
        ("ann", "é" * 40),
    ):
        with pytest.raises(StackError):
            add_person(tmp_path, name, password, operator=False)


def raw(proxy: Proxy, request: str) -> str:
    """What is answered to a request that no client would send."""
    with (
        socket.create_connection(("localhost", proxy.port), timeout=20) as connection,
        proxy.context().wrap_socket(connection, server_hostname="localhost") as encrypted,
    ):
        encrypted.sendall(request.encode())
        answer = encrypted.recv(65536)
        while b"101 Switching" not in answer and (more := encrypted.recv(65536)):
            answer += more
    return answer.decode("latin-1")
