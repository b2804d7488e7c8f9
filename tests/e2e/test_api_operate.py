"""What the dashboard asks of a running platform's Dagster through the API."""

from collections.abc import Iterator

import httpx
import pytest

from api.app import API_PREFIX
from stack.host.waiting import wait_until
from tests.e2e.dagster_ui import DagsterUi
from tests.e2e.platform import Platform

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[httpx.Client]:
    """A client of the API of `orderpulse up`."""
    address = f"http://localhost:{platform.settings.api.port}{API_PREFIX}"
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as opened:
        yield opened


def test_another_rate_is_a_run_that_sets_it(platform: Platform, client: httpx.Client) -> None:
    rate = platform.settings.generator.rate
    answer = client.post("/operate/generator/rate", json={"rate": rate})
    assert answer.status_code == 202, answer.text
    run_id = answer.json()["run_id"]
    assert answer.json()["url"].endswith(f":{platform.settings.dagster.webserver_port}/runs/{run_id}")
    ui = DagsterUi(platform.settings)
    assert wait_until(lambda: run_id in ui.runs("set_generator_rate", "SUCCESS"), 120, poll_s=1.0)
    assert platform.wait_for("SELECT rate FROM ops.service WHERE name = 'generator'") == rate


def test_a_service_is_started_by_a_run(platform: Platform, client: httpx.Client) -> None:
    answer = client.post("/operate/generator/start", headers={"Content-Type": "application/json"})
    assert answer.status_code == 202, answer.text
    ui = DagsterUi(platform.settings)
    assert wait_until(
        lambda: answer.json()["run_id"] in ui.runs("start_generator", "SUCCESS"), 120, poll_s=1.0
    )


@pytest.mark.parametrize("path", ["/operate/kafka/stop", "/operate/generator/explode"])
def test_nothing_else_can_be_asked(client: httpx.Client, path: str) -> None:
    assert client.post(path, headers={"Content-Type": "application/json"}).status_code in (404, 422)


def test_the_checks_are_those_of_dagster(platform: Platform, client: httpx.Client) -> None:
    def shown() -> dict[tuple[str, str], bool]:
        checks = client.get("/health").json()["checks"] or []
        return {(each["asset"], each["name"]): each["passed"] for each in checks}

    assert wait_until(lambda: ("events_clean", "freshness") in shown(), 90, poll_s=1.0)
    assert {("events_raw", "consumer_lag"), ("kpi_1m", "reconciliation")} <= set(shown())


def test_a_monitor_sees_runs_ticks_and_checks(platform: Platform, client: httpx.Client) -> None:
    def told() -> str:
        return httpx.get(f"http://localhost:{platform.settings.api.port}/metrics", trust_env=False).text

    expected = (
        "orderpulse_dagster_up 1.0",
        'orderpulse_dagster_tick_failed{name="streaming_sensor"} 0.0',
        'orderpulse_dagster_runs_1h{job_name="set_generator_rate",status="SUCCESS"}',
        'orderpulse_dagster_check_passed{asset="events_clean",check="freshness",severity="ERROR"} 1.0',
    )
    assert wait_until(lambda: all(each in told() for each in expected), 90, poll_s=1.0), told()
