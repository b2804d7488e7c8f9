"""The health report over a real database: each state of each component, and what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from api.app import API_PREFIX, create_app
from control.observation import observe
from core.settings import PostgresSettings, Settings
from orchestration.defs.quality.records import evaluate_rejected
from orchestration.defs.quality.verdict import Verdict
from stack.host.ports import free_ports
from tests.api_client import serving
from tests.platform_rows import PlatformRows

Report = dict[str, Any]


@pytest.fixture
def platform_rows(
    settings: Settings,
    database: PostgresSettings,
    connection: psycopg.Connection[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> PlatformRows:
    """A platform that is well, and as old as if it had been running for an hour."""
    monkeypatch.setattr("api.app.utc_now", lambda: datetime.now(UTC) - timedelta(hours=1))
    rows = PlatformRows.over(settings, database, connection, tmp_path)
    nobody = settings.dagster.model_copy(update={"webserver_port": free_ports(1)[0]})
    rows.settings = rows.settings.model_copy(update={"dagster": nobody})
    rows.now = datetime.now(UTC)
    rows.well()
    rows.service("generator", "running")
    rows.service("spark_stream", "running")
    generator(rows)
    return rows


@pytest.fixture
def client(platform_rows: PlatformRows) -> Iterator[httpx.Client]:
    with serving(create_app(platform_rows.settings), base_path=API_PREFIX) as opened:
        yield opened


def generator(rows: PlatformRows, *, age_s: float = 0, **progress: Any) -> None:
    """A heartbeat of the generator, `age_s` seconds old."""
    said = {"rate_wanted": 20.0, "rate_reached": 19.8, "acknowledged": 5, "failed": 0, "waiting": 0}
    beat_at = datetime.now(UTC) - timedelta(seconds=age_s)
    rows.connection.execute(
        "INSERT INTO ops.heartbeat (name, pid, started_at, beat_at, progress) VALUES ('generator', 1, %s, %s, %s) "
        "ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at, progress = excluded.progress",
        (beat_at - timedelta(hours=1), beat_at, Jsonb(said | progress)),
    )


def stale(rows: PlatformRows, age_s: float) -> None:
    """The newest batches and events are so old."""
    rows.connection.execute(
        "UPDATE ops.stream_batch SET committed_at = %(at)s, max_event_time = %(at)s",
        {"at": datetime.now(UTC) - timedelta(seconds=age_s)},
    )


def read(client: httpx.Client) -> Report:
    report: Report = client.get("/health").raise_for_status().json()
    return report


def component(client: httpx.Client, name: str) -> dict[str, Any]:
    return next(each for each in read(client)["components"] if each["name"] == name)


def test_a_platform_that_is_healthy_reports_it(client: httpx.Client, platform_rows: PlatformRows) -> None:
    report = read(client)
    states = {each["name"]: each["state"] for each in report["components"]}
    assert list(states) == [
        "generator",
        "kafka",
        "events_clean",
        "kpi_1m",
        "postgres",
        "dbt",
        "dagster",
        "api",
    ]
    well = {name for name, state in states.items() if state == "ok"}
    assert well == set(states) - {"dbt", "dagster"}, "neither has been built or started here"
    assert report["status"] == "degraded"
    assert not report["stale"]
    assert all(each["summary"].endswith(".") for each in report["components"])
    assert all(each["advice"] for each in report["components"] if each["state"] in {"warning", "error"})


def test_the_queries_are_reported_with_their_figures(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    platform_rows.heartbeat(lag_records=7, age_s=0)
    for query in read(client)["queries"]:
        assert query["batch_id"] == 2
        assert query["lag_records"] == 7
        assert query["processed_rate"] == 100.0
        assert query["batch_ms"] == 150
        assert query["checkpoint_bytes"] > 0
        assert 0 <= query["checkpoint_age_s"] < 60
        assert 0 <= query["event_time_lag_s"] < 60


@pytest.mark.parametrize(
    ("service", "names"), [("generator", ["generator"]), ("spark_stream", ["events_clean", "kpi_1m"])]
)
def test_stopped_on_purpose_is_healthy_and_failing_is_not(
    client: httpx.Client, platform_rows: PlatformRows, service: str, names: list[str]
) -> None:
    """A person's stop stays a stop, whatever it did before; of the words of its reason nothing depends."""
    generator(platform_rows)
    platform_rows.failing(service, "It has failed 5 times in a row.")
    for desired, state, words, action in (
        ("running", "error", "It has failed 5 times in a row.", "stop"),
        ("stopped", "stopped", "Stopped on purpose", "start"),
    ):
        platform_rows.service(service, desired, "gave up: not really")
        for name in names:
            shown = component(client, name)
            assert shown["state"] == state
            assert words in shown["summary"]
            assert shown["advice"]
            assert action in shown["actions"]


@pytest.mark.parametrize(("age_s", "state"), [(1, "ok"), (12, "warning"), (120, "error")])
def test_silence_is_reported(
    client: httpx.Client, platform_rows: PlatformRows, age_s: float, state: str
) -> None:
    generator(platform_rows, age_s=age_s)
    platform_rows.heartbeat(age_s=age_s)
    for name in ("generator", "events_clean", "kpi_1m"):
        assert component(client, name)["state"] == state


def test_a_process_that_was_asked_to_start_is_given_time(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    generator(platform_rows, age_s=3600)
    platform_rows.service("generator", "running", "start asked for", age_s=5)
    assert component(client, "generator")["state"] == "starting"


def test_after_the_platform_began_everybody_is_given_time(
    platform_rows: PlatformRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.app.utc_now", lambda: datetime.now(UTC))
    platform_rows.connection.execute("DELETE FROM ops.heartbeat")
    with serving(create_app(platform_rows.settings), base_path=API_PREFIX) as client:
        states = {each["name"]: each["state"] for each in read(client)["components"]}
    assert states["generator"] == states["events_clean"] == states["kpi_1m"] == "starting"


@pytest.mark.parametrize(
    ("age_s", "lag_records", "state", "word"),
    [
        (1, 50, "ok", "50 records behind"),
        (61, 50, "error", "Stalled"),
        (600, 0, "warning", "nothing new"),
    ],
)
def test_a_query_is_evaluated_by_what_waits_and_how_old_it_is(
    client: httpx.Client,
    platform_rows: PlatformRows,
    age_s: float,
    lag_records: int,
    state: str,
    word: str,
) -> None:
    stale(platform_rows, age_s)
    platform_rows.heartbeat(lag_records=lag_records, age_s=0)
    shown = component(client, "kpi_1m")
    assert (shown["state"], word in shown["summary"]) == (state, True), shown
    assert read(client)["status"] == ("down" if state == "error" else "degraded")


def test_a_backlog_that_shrinks_is_no_error(client: httpx.Client, platform_rows: PlatformRows) -> None:
    stale(platform_rows, 600)
    platform_rows.connection.execute("UPDATE ops.stream_batch SET committed_at = now()")
    platform_rows.heartbeat(lag_records=1_000, processed_rate=100, age_s=0)
    shown = component(client, "events_clean")
    assert shown["state"] == "warning"
    assert shown["summary"] == "Catching up: 1,000 records to read, about 10 s left."


def test_nothing_new_is_healthy_if_the_generator_is_stopped(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    stale(platform_rows, 600)
    platform_rows.service("generator", "stopped", "stop asked for")
    platform_rows.heartbeat(age_s=0)
    assert component(client, "events_clean")["state"] == "ok"
    assert component(client, "kafka")["state"] == "unknown"
    assert read(client)["stale"]


def test_kafka_is_evaluated_by_those_who_talk_to_it(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    assert "generator" in component(client, "kafka")["summary"]
    generator(platform_rows, rate_reached=0.0, waiting=12)
    shown = component(client, "kafka")
    assert shown["state"] == "error"
    assert "12 records wait" in shown["summary"]
    assert "does not connect to the brokers" in shown["summary"]


def test_an_incident_of_a_check_is_a_warning_of_its_component(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    platform_rows.connection.execute(
        "INSERT INTO ops.alert (incident, title, text, closed_at) VALUES "
        "('check:kpi_1m/reconciliation', 'reconciliation of kpi_1m failed', 'Two minutes differ.', NULL), "
        "('check:events_clean/accounting', 'over', 'long ago', now())"
    )
    shown = component(client, "kpi_1m")
    assert (shown["state"], shown["summary"], shown["advice"]) == (
        "warning",
        "reconciliation of kpi_1m failed.",
        "Two minutes differ.",
    )
    assert component(client, "events_clean")["state"] == "ok"
    (incident,) = read(client)["incidents"]
    assert incident["incident"] == "check:kpi_1m/reconciliation"


def test_missing_views_are_named(client: httpx.Client, platform_rows: PlatformRows) -> None:
    for name in ("v_kpi_15m", "v_kpi_1h", "v_kpi_24h", "v_kpi_by_currency_15m", "v_kpi_by_currency_1h"):
        platform_rows.connection.execute(f"CREATE VIEW {name} AS SELECT 1 AS one".encode())
    shown = component(client, "dbt")
    assert shown["state"] == "warning"
    assert "v_kpi_by_currency_24h" in shown["summary"]
    assert "dbt_build" in shown["advice"]
    platform_rows.connection.execute("CREATE VIEW v_kpi_by_currency_24h AS SELECT 1 AS one")
    assert component(client, "dbt")["state"] == "ok"


def test_batches_are_gathered_by_ten_seconds(client: httpx.Client, platform_rows: PlatformRows) -> None:
    platform_rows.connection.execute("DELETE FROM ops.stream_batch")
    moment = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    for batch_id, second in enumerate((1, 9, 11)):
        platform_rows.batch(
            "kpi_1m",
            batch_id,
            committed_at=moment + timedelta(seconds=second),
            max_event_time=moment + timedelta(seconds=second - 1 - batch_id),
            durations_ms='{"collect": 100.5, "write": 20}',
        )
    platform_rows.batch("kpi_1m", 9, committed_at=moment - timedelta(minutes=56))
    points = read(client)["batches"]
    assert [(each["batches"], each["records"], each["lag_s"]) for each in points] == [
        (2, 20, 2.0),
        (1, 10, 3.0),
    ]
    assert [datetime.fromisoformat(each["at"]) for each in points] == [moment, moment + timedelta(seconds=10)]
    assert {each["batch_ms"] for each in points} == {120.5}


def test_rejects_and_accepted_are_those_of_15_minutes(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    platform_rows.rejects("late", 3)
    platform_rows.rejects("not_json", 5)
    platform_rows.rejects("future", 7, age_s=16 * 60)
    report = read(client)
    assert report["rejected"] == [{"reason": "not_json", "records": 5}, {"reason": "late", "records": 3}]
    assert report["accepted"] == 30


def test_too_many_rejects_are_a_warning_and_the_same_verdict_as_the_checks(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    def verdicts() -> tuple[dict[str, Any], bool, Verdict]:
        report = read(client)
        stream = next(each for each in report["components"] if each["name"] == "events_clean")
        seen = observe(platform_rows.connection, platform_rows.settings)
        check = evaluate_rejected(seen, platform_rows.settings.checks.reject_share)
        return stream, report["rejects_too_many"], check

    platform_rows.batch("events_clean", 10, records_written=34, records_duplicate=0, records_rejected=3)
    platform_rows.rejects("late", 3)
    stream, too_many, check = verdicts()
    assert (stream["state"], too_many, check.passed) == ("ok", False, True)
    platform_rows.batch("events_clean", 11, records_written=0, records_rejected=33)
    platform_rows.rejects("not_json", 33)
    stream, too_many, check = verdicts()
    assert (stream["state"], too_many, check.passed) == ("warning", True, False)
    said = "36.0% of 100 records in 15 minutes were rejected"
    assert stream["summary"] == f"{said}; 5.0% is allowed."
    assert check.description.startswith(said)


def test_after_a_start_nobody_is_sent_to_look_for_what_is_starting(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    stale(platform_rows, 300)
    for stream_began_s, generator_began_s, state, said in (
        (10, 3600, "starting", "has not finished its first batch"),
        (3600, 10, "starting", "the generator is starting"),
        (3600, 3600, "warning", "nothing new arrives"),
        (130, 3600, "warning", "nothing new arrives"),
    ):
        platform_rows.service("spark_stream", "running", age_s=stream_began_s)
        platform_rows.service("generator", "running", age_s=generator_began_s)
        query = component(client, "kpi_1m")
        assert (query["state"], query["advice"] is None) == (state, state == "starting")
        assert said in query["summary"]


def test_every_answer_reports_why_nothing_new_may_come(
    client: httpx.Client, platform_rows: PlatformRows
) -> None:
    def said() -> set[str]:
        paths = ("/health", "/kpi", "/timeseries", "/events", "/rejected")
        return {client.get(path).json()["pipeline"] for path in paths}

    stale(platform_rows, 300)
    assert said() == {"running"}
    platform_rows.service("generator", "stopped")
    assert said() == {"source_stopped"}
    platform_rows.service("spark_stream", "stopped")
    assert said() == {"stopped"}
    platform_rows.service("spark_stream", "running", age_s=10)
    assert said() == {"starting"}


def test_the_actions_and_links_fit_the_state(client: httpx.Client, platform_rows: PlatformRows) -> None:
    platform_rows.connection.execute("UPDATE ops.service SET rate = 7 WHERE name = 'generator'")
    shown = component(client, "generator")
    assert shown["actions"] == ["stop", "restart", "set_rate"]
    assert shown["rate"] == 7
    assert any(
        link["url"].endswith("/locations/orderpulse/jobs/set_generator_rate") for link in shown["links"]
    )
    query = component(client, "events_clean")
    assert query["actions"] == ["stop", "restart"]
    assert any(link["url"].endswith("/assets/events_clean?view=checks") for link in query["links"])
    docs = [link["url"] for link in component(client, "dbt")["links"]]
    assert any(url.endswith("/#!/model/model.orderpulse.v_kpi_15m") for url in docs)


def test_a_database_that_is_away_is_what_the_report_says(platform_rows: PlatformRows) -> None:
    settings = platform_rows.settings
    gone = settings.model_copy(
        update={
            "postgres": settings.postgres.model_copy(update={"port": 1}),
            "api": settings.api.model_copy(update={"pool_wait_s": 0.2}),
        }
    )
    with serving(create_app(gone), base_path=API_PREFIX) as client:
        report = read(client)
    assert report["status"] == "down"
    assert report["stale"]
    states = {each["name"]: each["state"] for each in report["components"]}
    assert states["postgres"] == "error"
    assert states["generator"] == states["kpi_1m"] == "unknown"
    assert states["api"] == "ok"
