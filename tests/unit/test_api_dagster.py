"""What the API does when Dagster's web server fails for a moment, or for good."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from api.dagster import Dagster, DagsterError
from core.settings import load_settings

LAUNCHED = {"data": {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}}}}


@contextmanager
def failing(times: int) -> Iterator[tuple[Dagster, list[int]]]:
    """A client of a web server that fails so often, and the statuses that it answered."""
    answered: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answered.append(500 if len(answered) < times else 200)
            body = json.dumps(LAUNCHED).encode()
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


def test_one_that_goes_on_failing_is_told() -> None:
    with failing(9) as (dagster, answered), pytest.raises(DagsterError, match="500"):
        asyncio.run(launch(dagster))
    assert answered == [500] * 3
