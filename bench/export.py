"""`python -m bench.export`: the API's cost of a file of many events, and the latency of other requests meanwhile."""

import time
from threading import Event
from typing import Annotated

import httpx
import numpy as np
import psutil
import typer

from bench.api_alone import api_alone
from bench.background import in_background
from bench.children import Child
from bench.command import MEBIBYTE, Row, run, show
from core import postgres
from core.settings import Settings

INTERVAL_S = 0.05
FORMATS = ("csv", "xlsx")
OTHER_REQUEST = "/api/v1/kpi?range=15m"
EVENTS = """
    INSERT INTO events_clean (id, event_time, event_type, order_id, user_id, amount, currency, status)
    SELECT gen_random_uuid(), now() - n * interval '200 milliseconds',
        (ARRAY['order_created', 'payment_initiated', 'payment_success', 'payment_failed'])[1 + n %% 4],
        'ORD' || 100000 + n / 4, 'USR' || 1000 + n %% 9000, 10000 + n, CASE WHEN n %% 3 = 0 THEN 'USD' ELSE 'VND' END, 'success'
    FROM generate_series(1, %s) AS n
"""


class _Watch:
    """Asks the API for something else all the time, and looks at its memory.

    `waited_s`: how long each of the requests took. Memory is the API's resident set.
    """

    def __init__(self, client: httpx.Client, process: psutil.Process) -> None:
        self.waited_s: list[float] = []
        self.refused = 0
        self.peak_bytes = 0
        self._client, self._process = client, process

    def ask(self, stop: Event) -> None:
        """Ask until `stop` is set."""
        while not stop.wait(INTERVAL_S):
            began = time.monotonic()
            self.refused += self._client.get(OTHER_REQUEST).is_error
            self.waited_s.append(time.monotonic() - began)

    def weigh(self, stop: Event) -> None:
        """Look at the memory until `stop` is set."""
        while not stop.wait(INTERVAL_S):
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)


def export(
    rows: Annotated[
        int, typer.Option(min=1, help="Events in the database, all of them in the file.")
    ] = 200_000,
) -> None:
    """Download each kind of file once, on a database and an API of its own."""
    with api_alone() as (settings, api):
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            connection.execute(EVENTS, (rows,))
            connection.execute("VACUUM ANALYZE events_clean")
        results = [_measure(settings, api, each) for each in FORMATS]
    show("Files, and other requests meanwhile", results)


def _measure(settings: Settings, api: Child, file: str) -> Row:
    process = api.family()[0]
    address = f"http://127.0.0.1:{settings.api.port}"
    with httpx.Client(base_url=address, timeout=600, trust_env=False) as client:
        client.get(OTHER_REQUEST).raise_for_status()
        before_bytes, began, size_bytes = process.memory_info().rss, time.monotonic(), 0
        watch = _Watch(client, process)
        with (
            in_background(watch.ask, watch.weigh),
            client.stream("GET", f"/api/v1/events.{file}", headers={"Accept-Encoding": "identity"}) as answer,
        ):
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                size_bytes += len(piece)
            seconds = time.monotonic() - began
    p50, p99, slowest = (float(each) * 1000 for each in np.percentile(watch.waited_s, (50, 99, 100)))
    sizes = {"MiB": size_bytes, "memory before MiB": before_bytes, "peak MiB": watch.peak_bytes}
    waited = {"p50 ms": p50, "p99 ms": p99, "slowest ms": slowest, "refused": watch.refused}
    return (
        {"file": file, "s": seconds}
        | {name: size / MEBIBYTE for name, size in sizes.items()}
        | {"other requests": len(watch.waited_s)}
        | waited
    )


if __name__ == "__main__":
    run(export, "bench.export")
