"""What the API does when Dagster's web server fails for a moment, or for good."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from dagster_graphql.schema import create_schema
from graphql import parse, validate
from prometheus_client import CollectorRegistry, generate_latest

from api import operate
from api.dagster import LAUNCH, RUN, STATUS, Dagster, DagsterError
from api.dagster_figures import FIGURES, DagsterFiguresReader
from api.edge.problems import NotFoundError
from api.metrics import Gathered
from api.models import RunOutcome
from core.settings import load_settings
from orchestration.defs.batch_layer.jobs import SUMMARY_TAG

LAUNCHED = {"data": {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}}}}


@contextmanager
def failing(times: int, answer: dict[str, Any] = LAUNCHED) -> Iterator[tuple[Dagster, list[int]]]:
    """A client of a web server that fails so often, and the statuses that it answered."""
    answered: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answered.append(500 if len(answered) < times else 200)
            body = json.dumps(answer).encode()
            self.send_response(answered[-1])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Dagster(load_settings(dagster={"webserver_port": server.server_port})), answered
        server.shutdown()


async def launch(dagster: Dagster) -> str:
    try:
        return await dagster.launch("stop_generator", {})
    finally:
        await dagster.close()


def test_failures_as_after_a_restart_of_the_database_are_ridden_out() -> None:
    with failing(2) as (dagster, answered):
        assert asyncio.run(launch(dagster)) == "r1"
    assert answered == [500, 500, 200]


def test_one_that_keeps_failing_is_reported() -> None:
    with failing(9) as (dagster, answered), pytest.raises(DagsterError, match="500"):
        asyncio.run(launch(dagster))
    assert answered == [500] * 3


@pytest.mark.parametrize("query", [STATUS, LAUNCH, RUN, FIGURES], ids=["status", "launch", "run", "figures"])
def test_dagsters_own_schema_knows_what_is_asked(query: str) -> None:
    assert validate(create_schema().graphql_schema, parse(query)) == []


SUMMARY = {
    "dry_run": False,
    "judged": 3,
    "mapped": 1,
    "without_event": 0,
    "unmapped": {"no_amount": 1, "bad_amount": 1},
    "admitted": 2,
    "duplicate": 0,
    "refused": {},
    "expired": 0,
    "cut": 0,
    "minutes": 1,
}
RUN_ID = UUID("4f0c2a9d-6f1e-4a57-a3be-2f0d9a6c1b7e")


def outcome_of(run: dict[str, Any]) -> RunOutcome:
    async def ask(dagster: Dagster) -> RunOutcome:
        try:
            return await operate.outcome(dagster, RUN_ID)
        finally:
            await dagster.close()

    with failing(0, {"data": {"runOrError": run}}) as (dagster, _):
        return asyncio.run(ask(dagster))


@pytest.mark.parametrize(
    ("status", "summary", "state"),
    [
        ("QUEUED", None, "underway"),
        ("STARTED", None, "underway"),
        ("CANCELING", None, "underway"),
        ("FAILURE", None, "failed"),
        ("CANCELED", None, "failed"),
        ("SUCCESS", None, "succeeded"),
        ("SUCCESS", {"minutes": 3}, "succeeded"),
        ("SUCCESS", SUMMARY, "succeeded"),
    ],
)
def test_the_outcome_of_a_run_is_its_state_and_its_summary(
    status: str, summary: dict[str, Any] | None, state: str
) -> None:
    tags = [{"key": "other", "value": "x"}]
    if summary is not None:
        tags.append({"key": SUMMARY_TAG, "value": json.dumps(summary)})
    found = outcome_of({"__typename": "Run", "status": status, "tags": tags})
    assert found.state == state
    assert (found.replay is not None) == (summary is SUMMARY)
    if found.replay is not None:
        assert (found.replay.unmapped, found.replay.admitted, found.replay.refused) == (2, 2, 0)


def test_a_run_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFoundError, match=str(RUN_ID)):
        outcome_of({"__typename": "RunNotFoundError"})


def test_the_api_reads_the_tag_that_dagsters_jobs_write() -> None:
    assert operate.SUMMARY_TAG == SUMMARY_TAG


ANSWER = {
    "assetNodes": [
        {
            "assetKey": {"path": ["kpi_1m"]},
            "assetChecksOrError": {
                "checks": [
                    {
                        "name": "freshness",
                        "executionForLatestMaterialization": {
                            "evaluation": {"success": False, "severity": "ERROR", "description": "Old."},
                            "timestamp": 1_772_359_200.0,
                        },
                    }
                ]
            },
        }
    ],
    "runsOrError": {"results": [{"jobName": "dbt_build", "status": "SUCCESS"}] * 2 + [{"jobName": "dbt_build", "status": "FAILURE"}]},
    "sensorsOrError": {
        "results": [
            {"name": "streaming_sensor", "sensorState": {"status": "RUNNING", "ticks": [{"status": "FAILURE", "timestamp": 5.0}]}},
            {"name": "new_one", "sensorState": {"status": "RUNNING", "ticks": []}},
        ]
    },
    "schedulesOrError": {
        "results": [
            {"name": "retention", "scheduleState": {"status": "RUNNING", "ticks": [{"status": "SUCCESS", "timestamp": 7.0}]}},
            {"name": "switched_off", "scheduleState": {"status": "STOPPED", "ticks": [{"status": "SUCCESS", "timestamp": 1.0}]}},
        ]
    },
}  # fmt: skip


def exposed(dagster: Dagster) -> str:
    async def read() -> str:
        try:
            figures = await DagsterFiguresReader(dagster).read()
        finally:
            await dagster.close()
        registry = CollectorRegistry()
        registry.register(Gathered(figures.families()))
        return generate_latest(registry).decode()

    return asyncio.run(read())


def test_runs_ticks_and_checks_are_figures() -> None:
    with failing(0, {"data": ANSWER}) as (dagster, _):
        found = {line for line in exposed(dagster).splitlines() if not line.startswith("#")}
    assert found == {
        "orderpulse_dagster_up 1.0",
        'orderpulse_dagster_runs_1h{job_name="dbt_build",status="SUCCESS"} 2.0',
        'orderpulse_dagster_runs_1h{job_name="dbt_build",status="FAILURE"} 1.0',
        'orderpulse_dagster_tick_timestamp_seconds{name="streaming_sensor"} 5.0',
        'orderpulse_dagster_tick_timestamp_seconds{name="retention"} 7.0',
        'orderpulse_dagster_tick_failed{name="streaming_sensor"} 1.0',
        'orderpulse_dagster_tick_failed{name="retention"} 0.0',
        'orderpulse_dagster_check_passed{asset="kpi_1m",check="freshness",severity="ERROR"} 0.0',
    }


def test_a_dagster_that_is_away_is_a_figure_too() -> None:
    with failing(99) as (dagster, _):
        lines = exposed(dagster).splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["orderpulse_dagster_up 0.0"]
