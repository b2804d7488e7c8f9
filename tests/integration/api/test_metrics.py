"""What a monitor reads, beside what is in the tables."""

import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.app import API_PREFIX, create_app
from core.settings import PostgresSettings, Settings
from tests.api_client import serving
from tests.api_rows import announce

Connection = psycopg.Connection[Any]
Labels = dict[str, str]


@pytest.fixture
def client(settings: Settings, database: PostgresSettings) -> Iterator[httpx.Client]:
    with serving(create_app(settings.model_copy(update={"postgres": database}))) as opened:
        yield opened


def scrape(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return found[f"orderpulse_{name}", frozenset(labels.items())]


def fill(connection: Connection) -> None:
    """A pipeline that has run for a while."""
    now = datetime.now(UTC)
    durations = json.dumps({"collect": 150.0, "write": 50.0})
    for query, age_s in (("events_clean", 5), ("kpi_1m", 30)):
        newest = now - timedelta(seconds=age_s)
        announce(connection, query, newest, records_written=40, durations_ms=durations)
    beats = {
        "generator": {"rate_reached": 4.9},
        "spark_stream": {
            "queries": {
                "events_clean": {
                    "lag_records": 12,
                    "input_rate": 5.1,
                    "processed_rate": 80.5,
                    "batch_ms": 210,
                }
            }
        },
    }
    for name, progress in beats.items():
        connection.execute(
            "INSERT INTO ops.heartbeat (name, pid, started_at, beat_at, progress) VALUES (%s, 1, now(), %s, %s)",
            (name, now - timedelta(seconds=7), json.dumps(progress)),
        )
    connection.execute("UPDATE ops.service SET desired = 'stopped' WHERE name = 'generator'")
    for offset, (reason, minutes) in enumerate([("late", 1), ("late", 2), ("future", 3), ("late", 20)]):
        connection.execute(
            'INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason, rejected_at) '
            "VALUES ('t', 0, %s, now(), %s, %s)",
            (offset, reason, now - timedelta(minutes=minutes)),
        )


def test_the_pipeline_is_as_its_tables_say(client: httpx.Client, connection: Connection) -> None:
    fill(connection)
    found = scrape(client)
    assert 5 <= value(found, "event_time_lag_seconds", query="events_clean") < 20
    assert 30 <= value(found, "event_time_lag_seconds", query="kpi_1m") < 45
    assert value(found, "commit_age_seconds", query="kpi_1m") < 15
    assert value(found, "lag_records", query="events_clean") == 12
    assert value(found, "input_records_per_second", query="events_clean") == 5.1
    assert value(found, "processed_records_per_second", query="events_clean") == 80.5
    assert value(found, "batch_seconds", query="events_clean") == 0.21
    assert value(found, "batch_stage_seconds", query="kpi_1m", stage="write") == 0.05
    assert value(found, "rejected_records_15m", reason="late") == 2
    assert value(found, "rejected_records_15m", reason="future") == 1
    assert value(found, "rejected_records_15m", reason="not_utf8") == 0
    assert value(found, "accepted_events_15m") == 40
    assert 7 <= value(found, "heartbeat_age_seconds", service="generator") < 22
    assert value(found, "service_wanted", service="generator") == 0
    assert value(found, "service_wanted", service="spark_stream") == 1
    assert value(found, "sent_events_per_second", service="generator") == 4.9
    assert value(found, "database_up") == 1
    assert value(found, "database_bytes") > 1_000_000
    restarted_s = time.time() - value(found, "service_started_timestamp_seconds", service="generator")
    assert 0 <= restarted_s < 60


def test_the_disk_and_the_limits_of_the_checks_are_reported(client: httpx.Client, settings: Settings) -> None:
    found = scrape(client)
    usage = shutil.disk_usage(settings.root)
    assert value(found, "disk_size_bytes") == usage.total
    assert 0 < value(found, "disk_free_bytes") <= usage.total
    assert value(found, "limit", of="reject_share") == settings.checks.reject_share
    assert value(found, "limit", of="lag_records") == settings.checks.consumer_lag_records
    assert value(found, "limit", of="event_time_lag_seconds") == settings.checks.freshness_limit_s
    assert value(found, "limit", of="heartbeat_age_seconds") == settings.dagster.hang_s


def test_an_empty_pipeline_has_figures_too(client: httpx.Client) -> None:
    found = scrape(client)
    assert value(found, "accepted_events_15m") == 0
    assert value(found, "service_wanted", service="spark_stream") == 1
    assert not [name for name, _ in found if name == "orderpulse_event_time_lag_seconds"]


def test_requests_are_counted_by_route(client: httpx.Client) -> None:
    assert client.get(f"{API_PREFIX}/orders/ORD-one").status_code == 404
    assert client.get(f"{API_PREFIX}/orders/ORD-two").status_code == 404
    assert client.get(f"{API_PREFIX}/kpi").status_code == 200
    assert client.get(f"{API_PREFIX}/kpi", params={"range": "x"}).status_code == 422
    for path in ("/none.js", "/other.js"):
        assert client.get(path).status_code == 404
    assert client.delete("/page").status_code == 405
    assert client.get("/livez", headers={"Host": "evil.example"}).status_code == 421
    found = scrape(client)
    order = f"{API_PREFIX}/orders/{{order_id}}"
    assert value(found, "api_requests_total", route=order, method="GET", status="404") == 2
    assert value(found, "api_requests_total", route=f"{API_PREFIX}/kpi", method="GET", status="200") == 1
    assert value(found, "api_requests_total", route=f"{API_PREFIX}/kpi", method="GET", status="422") == 1
    assert value(found, "api_requests_total", route="none", method="GET", status="404") == 2
    assert value(found, "api_requests_total", route="none", method="other", status="405") == 1
    assert value(found, "api_requests_total", route="none", method="GET", status="421") == 1
    assert value(found, "api_request_seconds_count", route=order, method="GET") == 2
    assert value(found, "api_open_streams") == 0
    assert value(found, "api_pool", figure="pool_max") == 8


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/orders/a%2Fb{n}",
        "/api/v1/orders/a/b/{n}",
        "/api/v1/events/{n}%0A",
        "/api/v1/events/kpi/{n}",
        "/api/v1/operate/generator/{n}",
        "/api/v1/{n}",
        "/{n}",
        "/%0A{n}",
        "/api/v1/kpi%0A",
    ],
)
def test_no_path_makes_a_label_of_its_own(client: httpx.Client, path: str) -> None:
    before = len(scrape(client))
    for n in range(20):
        for method in ("GET", "HEAD", "POST", "PATCH"):
            client.request(method, path.replace("{n}", f"label-{n}-" + "x" * 200))
    found = scrape(client)
    assert "label-" not in str(found.keys())
    assert "\n" not in str(found.keys())
    samples_of_one_label = 15  # a counter, and a histogram's buckets with count, sum and both times of making
    assert len(found) - before <= 8 * samples_of_one_label


def test_the_api_has_figures_while_the_database_is_away(settings: Settings) -> None:
    away = settings.postgres.model_copy(update={"port": 1})
    api = settings.api.model_copy(update={"pool_wait_s": 0.2})
    with serving(create_app(settings.model_copy(update={"postgres": away, "api": api}))) as client:
        found = scrape(client)
        assert value(found, "database_up") == 0
        assert value(found, "api_listening") == 0
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").status_code == 503
