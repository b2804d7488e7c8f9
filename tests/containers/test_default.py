"""The default profile through the life of one deployment, in the order of this file."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bench.browser.chromium import open_browser
from stack.host.waiting import wait_until
from tests.containers.conftest import Measured, deployment
from tests.containers.deployed import Deployed
from tests.containers.engine import Engine
from tests.containers.machine import tell

pytestmark = [pytest.mark.containers, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
SERVICES = (
    *("postgres", "kafka-1", "generator", "spark-stream", "api", "intake", "dbt-docs", "proxy"),
    *("dagster-code", "dagster-daemon", "dagster-webserver", "dagster-viewer"),
)
WELL_AGAIN_S = 240.0
EVENTS_AGAIN_S = 60.0
FRESH = "SELECT max(ingest_time) > now() - interval '10 s' FROM events_clean"
FIRST_KPI = "SELECT count(*) > 0 FROM kpi_1m"

AT_ONCE = 10
"""Connections; some containers may have 64 processes."""

LISTENERS = {
    "api": 8000,
    "dagster-webserver": 3000,
    "dagster-viewer": 3000,
    "dagster-code": 4266,
    "dbt-docs": 3080,
    "intake": 8090,
    "postgres": 5432,
    "kafka-1": 9092,
}
MAY_OPEN = {
    "api": {"proxy"},
    "dagster-webserver": {"proxy", "api"},
    "dagster-viewer": {"proxy"},
    "dagster-code": {"dagster-webserver", "dagster-viewer", "dagster-daemon"},
    "dbt-docs": {"proxy"},
    "intake": {"proxy", "api"},
    "postgres": {
        "api",
        "generator",
        "spark-stream",
        *(name for name in SERVICES if name.startswith("dagster")),
    },
    "kafka-1": {"generator", "intake", "spark-stream", "dagster-code"},
}
"""Beside the service itself."""


@pytest.fixture(scope="module")
def platform(built: Engine, folder: Path, figures: Measured) -> Iterator[Deployed]:
    """All of it, well."""
    found = deployment(built, folder, "orderpulse-default")
    found.init("local")
    tell("starting the default profile")
    started = time.monotonic()
    try:
        figures(f"default profile: all well after {found.up():.0f} s")
        found.wait_value(FIRST_KPI)
        figures(f"default profile: first KPI row after {time.monotonic() - started:.0f} s")
        yield found
    finally:
        found.remove()


def test_everything_is_healthy(platform: Deployed) -> None:
    assert platform.services() == dict.fromkeys(SERVICES, "running/healthy")
    assert platform.inspect("setup")["State"]["ExitCode"] == 0


def test_until_dbt_has_built_its_page_a_sentence_reports_it(platform: Deployed) -> None:
    with platform.client("viewer") as viewer:
        answer = viewer.get("/dbt/")
        assert "Directory listing" not in answer.text
        assert answer.status_code == 200 or "has not been built yet" in answer.text
        assert viewer.get("/dbt/partial_parse.msgpack").status_code in (404, 503)


def test_the_dashboard_through_the_proxy(platform: Deployed) -> None:
    with platform.client() as nobody:
        assert nobody.get("/").status_code == 200
        assert nobody.get("/api/v1/kpi").status_code == 401
        plain = nobody.get(f"http://localhost:{platform.http_port}/events", follow_redirects=False)
        assert (plain.status_code, plain.headers["location"]) == (
            308,
            f"https://localhost:{platform.https_port}/events",
        )
    with platform.client(token=platform.token("read")) as reader:
        totals = reader.get("/api/v1/kpi").json()["current"]["totals"]
    assert totals["orders_created"] > 0


def test_a_person_signs_in_with_the_right_token_alone(platform: Deployed) -> None:
    with open_browser() as browser:
        # What its certificate is worth was tried above; this browser knows no authority of ours.
        context = browser.new_context(ignore_https_errors=True, locale="en-GB")
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"https://localhost:{platform.https_port}/")
        page.get_by_label("Access token (JWT)").fill("not a token")
        page.get_by_role("dialog").get_by_role("button").last.click()
        refused = page.get_by_role("dialog").get_by_role("alert")
        expect(refused).to_contain_text("did not accept", timeout=60_000)
        page.get_by_label("Access token (JWT)").fill(platform.token("read"))
        page.get_by_role("dialog").get_by_role("button").last.click()
        expect(page.get_by_role("dialog")).to_have_count(0, timeout=60_000)
        expect(page.locator("[data-as-of]").first).to_be_visible(timeout=60_000)
        context.close()


def test_dagsters_pages_ask_who_it_is(platform: Deployed) -> None:
    with platform.client() as nobody:
        assert [nobody.get(path).status_code for path in ("/dagster/", "/dagster-view/", "/dbt/")] == [
            401
        ] * 3
    with platform.client("viewer") as viewer:
        assert viewer.get("/dagster/").status_code == 403
        assert viewer.get("/dagster-view/server_info").status_code == 200
    asked = {
        "query": '{ sensorsOrError(repositorySelector: {repositoryName: "__repository__", '
        'repositoryLocationName: "orderpulse"}) { ... on Sensors { results { name } } } }'
    }
    with platform.client("operator") as operator:
        assert "<title" in operator.get("/dagster/").text
        sensors = operator.post("/dagster/graphql", json=asked).json()["data"]["sensorsOrError"]["results"]
    assert "streaming_sensor" in {sensor["name"] for sensor in sensors}


def test_a_port_opens_for_who_needs_it_alone(platform: Deployed) -> None:
    """By the service's name, by its name in each network, and by each of its addresses."""
    names, addresses = {}, {}
    for service in LISTENERS:
        joined = platform.inspect(service)["NetworkSettings"]["Networks"].values()
        addresses[service] = {network["IPAddress"] for network in joined}
        aliases = {alias for network in joined for alias in network["Aliases"]}
        names[service] = aliases - {platform.inspect(service)["Id"][:12]}
    opened = {service: set[str]() for service in LISTENERS}
    for asker in SERVICES:
        targets = [
            (service, where, port)
            for service, port in LISTENERS.items()
            for where in names[service] | addresses[service]
        ]
        script = "\n".join(
            f"(timeout 3 bash -c ': < /dev/tcp/{where}/{port}' 2> /dev/null && echo {service}) &"
            + (" wait" if number % AT_ONCE == 0 else "")
            for number, (service, where, port) in enumerate(targets)
        )
        for service in platform.shell(asker, f"{script}\nwait").split():
            opened[service].add(asker)
    assert opened == {service: {*may, service} for service, may in MAY_OPEN.items()}


def test_only_the_brokers_reach_their_own_listeners(platform: Deployed) -> None:
    address = platform.inspect("kafka-1")["NetworkSettings"]["Networks"]
    where = {network["IPAddress"] for network in address.values()} | {"kafka-1", "kafka-1.brokers"}
    script = "\n".join(
        f"(timeout 3 bash -c ': < /dev/tcp/{host}/{port}' 2> /dev/null && echo open) &"
        for host in where
        for port in (9093, 9094)
    )
    can = {name for name in SERVICES if "open" in platform.shell(name, f"{script}\nwait")}
    assert can == {"kafka-1"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_may_do_what_it_must_and_no_more(platform: Deployed, service: str) -> None:
    assert platform.shell(service, "id -u") == "10001"
    assert "Read-only file system" in platform.shell(service, "touch /srv/x /etc/x /usr/x")
    rights = platform.shell(service, "grep -E '^(Cap(Inh|Prm|Eff|Bnd)|NoNewPrivs)' /proc/1/status").split(
        "\n"
    )
    assert {line.split()[1].lstrip("0") for line in rights[:-1]} == {""}
    assert rights[-1].split() == ["NoNewPrivs:", "1"]
    modes = platform.shell(service, "stat --dereference --format '%a %u %n' /run/secrets/* 2> /dev/null")
    for line in modes.splitlines():
        mode, owner, path = line.split()
        assert owner == "10001"
        assert path.endswith("ca.pem") or int(mode, 8) & 0o077 == 0, line
    host = platform.inspect(service)["HostConfig"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0


def test_dbts_documentation_is_built(platform: Deployed) -> None:
    def page() -> tuple[int, str]:
        with platform.client("viewer") as viewer:
            answer = viewer.get("/dbt/")
        return answer.status_code, answer.text

    assert wait_until(lambda: page()[0] == 200, 300, 5), page()
    assert "<title>dbt Docs</title>" in page()[1]


def test_checks_cost_next_to_nothing(platform: Deployed, figures: Measured) -> None:
    took_ms = []
    for service in SERVICES:
        command = " ".join(platform.inspect(service)["Config"]["Healthcheck"]["Test"][1:])
        script = f"TIMEFORMAT=%U+%S; time {command} > /dev/null"
        user, system = platform.shell(service, script).splitlines()[-1].split("+")
        took_ms.append((1000 * (float(user) + float(system)), service))
    figures(f"health checks: at most {max(took_ms)[0]:.0f} ms of a processor ({max(took_ms)[1]})")
    assert max(took_ms)[0] < 100


def test_events_flow_again_after_a_restart_of_the_stream(platform: Deployed, figures: Measured) -> None:
    platform.wait_value(FRESH)
    platform.compose("restart", "spark-stream")
    restarted = platform.inspect("spark-stream")["State"]["StartedAt"]
    started = time.monotonic()
    platform.wait_value(f"SELECT max(ingest_time) > '{restarted}' FROM events_clean")
    took_s = time.monotonic() - started
    figures(f"restart of spark-stream: events again after {took_s:.0f} s")
    assert took_s < EVENTS_AGAIN_S


@pytest.mark.parametrize("service", SERVICES)
def test_what_crashes_comes_back(platform: Deployed, service: str, figures: Measured) -> None:
    before = platform.crash(service)
    started = time.monotonic()

    def is_back() -> bool:
        found = platform.inspect(service)
        return bool(found["RestartCount"] > before and found["State"]["Health"]["Status"] == "healthy")

    assert wait_until(is_back, WELL_AGAIN_S, 1), (platform.not_well(), platform.logs(service))
    figures(f"crash of {service}: well again after {time.monotonic() - started:.0f} s")


def test_everything_works_after_the_crashes(platform: Deployed) -> None:
    assert wait_until(lambda: not platform.not_well(), WELL_AGAIN_S, 1), platform.not_well()
    platform.wait_value(FRESH)
    with platform.client(token=platform.token("read")) as reader:
        assert reader.get("/api/v1/kpi").json()["current"]["totals"]["orders_created"] > 0


def test_the_documented_override_is_understood(platform: Deployed, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    override = tmp_path / "override.yml"
    override.write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    files = ["--file", str(ROOT / "docker-compose.yml"), "--file", str(override)]
    api = json.loads(platform.compose(*files, "config", "--format", "json"))["services"]["api"]
    assert {secret["source"] for secret in api["secrets"]} == {"ca.pem", "api", "metrics", "intake_key"}
    assert api["environment"]["ORDERPULSE_API__JWT_JWKS_FILE"] == "/etc/orderpulse/jwks.json"


def test_memory(platform: Deployed, figures: Measured) -> None:
    taken = platform.memory()
    assert taken.keys() == set(SERVICES)
    for service, memory in sorted(taken.items()):
        figures(f"memory of {service}: {memory}")


def test_down_and_up_keep_the_data(platform: Deployed, figures: Measured) -> None:
    count = int(platform.value("SELECT count(*) FROM events_clean"))
    platform.compose("down")
    declared = {
        f"{platform.project}_{name}" for name in ("postgres", "kafka-1", "checkpoints", "dagster", "dbt")
    }
    assert platform.remains() == {"containers": [], "networks": [], "volumes": sorted(declared)}
    figures(f"second start: all well after {platform.up():.0f} s")
    assert int(platform.value("SELECT count(*) FROM events_clean")) >= count
    platform.wait_value(FRESH)
