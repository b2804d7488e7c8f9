"""`python -m bench.live`: the API's cost of many clients of the live stream, and their latency.

Starts a separate database and API, opens the streams from another process, and commits batches at a
steady rate like the streaming job: rows, KPIs, ledger and notifications, in one transaction.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import psycopg
import typer

from bench.api_alone import api_alone
from bench.children import Child
from bench.command import MEBIBYTE, run, show
from bench.latency import Percentiles
from core import postgres
from core.errors import StackError
from core.settings import Settings
from core.tables import NOTIFY_CHANNEL
from database.reconcile import WINDOW, recompute
from stack.host.environment import child_environment

RESULT = Path(__file__).parent / "results" / "live.json"
EVENTS_PER_BATCH = 5
SETTLE_S = 3.0

DAY_OF_WINDOWS = """
    INSERT INTO kpi_1m_by_currency (window_start, currency, window_end, revenue, orders_created, payment_success)
    SELECT minute, currency, minute + interval '1 minute', 1000, 100, 70
    FROM generate_series(date_trunc('minute', now()) - interval '2 days', now(), interval '1 minute') AS minute,
        unnest(ARRAY['VND', 'USD']) AS currency
"""
EVENT = """
    INSERT INTO events_clean (id, event_time, event_type, order_id, user_id, amount, currency, status)
    VALUES (gen_random_uuid(), %s, 'payment_success', 'ORD1', 'USR1', 10, 'USD', 'success')
"""
LEDGER = """
    INSERT INTO ops.stream_batch (
        query_id, batch_id, query_name, offsets_from, offsets_to, records_read, records_written,
        records_duplicate, records_rejected, records_dropped_by_watermark, max_event_time, durations_ms
    ) VALUES (%s, %s, %s, '{}', '{}', %s, %s, 0, 0, 0, %s, '{}')
"""
QUERY_IDS = {"events_clean": "0" * 31 + "1", "kpi_1m": "0" * 31 + "2"}


@dataclass(frozen=True, slots=True)
class LiveResult:
    """`cores`: processor time of the API per second. `delays_ms`: from a commit to its arrival at each client."""

    clients: int
    updates_per_s: float
    seconds: float
    cores: float
    memory_bytes: int
    delays_ms: Percentiles
    messages_expected: int
    messages_missing: int
    streams_lost: int


def live(
    clients: Annotated[int, typer.Option(min=1, help="Number of open streams.")] = 1000,
    rate: Annotated[
        float, typer.Option(min=0.1, max=4, help="Committed batches per second; the hub merges above five.")
    ] = 1.0,
    seconds: Annotated[float, typer.Option(min=5, help="Measured time.")] = 60.0,
    output: Annotated[Path, typer.Option(help="File for the result.")] = RESULT,
) -> None:
    """Measure once; takes the measured time and about half a minute."""
    with api_alone() as (settings, api):
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            connection.execute(DAY_OF_WINDOWS)
        result = _measure(settings, api, clients, rate, seconds)
    show(
        f"{clients:,} clients, {rate:g} updates/s",
        [
            {"cores": result.cores, "memory MiB": result.memory_bytes / MEBIBYTE}
            | result.delays_ms.cells()
            | {"missing": result.messages_missing, "lost": result.streams_lost}
        ],
    )
    conditions = {"processors": os.cpu_count(), "load_after": psutil.getloadavg()}
    output.write_text(json.dumps(conditions | asdict(result), indent=2) + "\n", encoding="utf-8")


def _measure(settings: Settings, api: Child, clients: int, rate: float, seconds: float) -> LiveResult:
    arrived_file = settings.stack.data_dir / "arrived"
    listening_s = seconds + 2 * SETTLE_S
    arguments = (
        "-m",
        "bench.live_clients",
        str(settings.api.port),
        str(clients),
        str(listening_s),
        str(arrived_file),
    )
    with (
        subprocess.Popen(
            [sys.executable, *arguments], env=child_environment(settings), stdout=subprocess.PIPE, text=True
        ) as listeners,
        postgres.connect(settings.postgres) as connection,
    ):
        assert listeners.stdout is not None
        if listeners.stdout.readline().strip() != "open":
            raise StackError(f"The streams could not be opened. {api.tail()}")
        time.sleep(SETTLE_S)
        process = api.family()[0]
        busy_s, began = sum(process.cpu_times()[:2]), time.monotonic()
        commits = _commit_batches(connection, rate, seconds)
        elapsed_s = time.monotonic() - began
        cores = (sum(process.cpu_times()[:2]) - busy_s) / elapsed_s
        memory_bytes = process.memory_info().rss
        lost = int(listeners.stdout.readline())
        listeners.wait()
    arrived = np.sort(np.frombuffer(arrived_file.read_bytes()))
    arrived = arrived[arrived > commits[0]]
    delays_ms = (arrived - commits[np.searchsorted(commits, arrived) - 1]) * 1000
    expected = clients * len(commits)
    return LiveResult(
        clients=clients,
        updates_per_s=rate,
        seconds=round(elapsed_s, 1),
        cores=round(cores, 3),
        memory_bytes=memory_bytes,
        delays_ms=Percentiles.of(delays_ms),
        messages_expected=expected,
        messages_missing=expected - len(arrived),
        streams_lost=lost,
    )


def _commit_batches(connection: psycopg.Connection[Any], rate: float, seconds: float) -> np.ndarray[Any, Any]:
    """Commit at a steady rate. Returns the commit times by the monotonic clock."""
    commits, began = [], time.monotonic()
    for number in range(round(seconds * rate)):
        _sleep_until(began + number / rate)
        now = datetime.now(UTC)
        minute = now.replace(second=0, microsecond=0)
        with connection.cursor() as cursor:
            cursor.executemany(EVENT, [(now,)] * EVENTS_PER_BATCH)
            for query, query_id in QUERY_IDS.items():
                cursor.execute(LEDGER, (query_id, number, query, EVENTS_PER_BATCH, EVENTS_PER_BATCH, now))
            recompute(connection, minute, minute + WINDOW)
            for said in (
                {"query": "events_clean", "batch_id": number, "events": EVENTS_PER_BATCH, "rejected": 0},
                {"query": "kpi_1m", "batch_id": number, "windows": [minute.isoformat()]},
            ):
                cursor.execute("SELECT pg_notify(%s, %s)", (NOTIFY_CHANNEL, json.dumps(said)))
        connection.commit()
        commits.append(time.monotonic())
    _sleep_until(began + seconds)
    return np.array(commits)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


if __name__ == "__main__":
    run(live, "bench.live")
