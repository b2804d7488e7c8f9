"""`python -m bench.live`: what many clients of the live stream cost the API, and how late they are told.

Starts a database and an API of its own, opens the streams from another process, and commits batches at a
steady rate as the streaming job does: rows, KPIs, ledger and notifications, in one transaction.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import psutil
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from bench.children import Child
from bench.latency import Percentiles
from core import postgres
from core.errors import OrderpulseError, StackError
from core.settings import Settings, load_settings
from core.tables import NOTIFY_CHANNEL
from database import migrate
from database.reconcile import WINDOW, recompute
from stack import postgres_server
from stack.environment import child_environment
from stack.ports import free_ports
from stack.waiting import wait_until

__all__ = ["LiveResult", "app"]

RESULT = Path(__file__).parent / "results" / "live.json"
EVENTS_PER_BATCH = 5
SETTLE_S = 3.0
START_LIMIT_S = 60.0
MEBIBYTE = 1 << 20

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


app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@app.command()
def live(
    clients: Annotated[int, typer.Option(min=1, help="Streams that are open at once.")] = 1000,
    rate: Annotated[
        float, typer.Option(min=0.1, max=4, help="Committed batches per second; the hub merges above five.")
    ] = 1.0,
    seconds: Annotated[float, typer.Option(min=5, help="Measured time.")] = 60.0,
    output: Annotated[Path, typer.Option(help="File of the result.")] = RESULT,
) -> None:
    """Measure once; takes the measured time and about half a minute."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwind, so that no child is left
    try:
        with _running() as (settings, folder, api):
            result = _measure(settings, folder, api, clients, rate, seconds)
    except OrderpulseError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    Console().print(_table(result))
    conditions = {"processors": os.cpu_count(), "load_after": psutil.getloadavg()}
    output.write_text(json.dumps(conditions | asdict(result), indent=2) + "\n", encoding="utf-8")


@contextmanager
def _running() -> Iterator[tuple[Settings, Path, Child]]:
    """A database with two days of windows, and the API over it."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-live-"))
    folder.chmod(0o755)  # PostgreSQL's own account must be able to enter
    database_port, api_port = free_ports(2)
    base = load_settings()
    settings = base.model_copy(
        update={
            "postgres": base.postgres.model_copy(update={"host": "localhost", "port": database_port}),
            "stack": base.stack.model_copy(update={"data_dir": folder}),
            "api": base.api.model_copy(update={"host": "127.0.0.1", "port": api_port, "auth": "off"}),
        }
    )
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = Child("postgres", ("-m", "stack", "run", "postgres"), settings, folder / "postgres.log")
        stack.enter_context(server)
        _wait(server, lambda: postgres_server.accepts(settings))
        postgres_server.ensure_database(settings)
        migrate(settings.postgres)
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            connection.execute(DAY_OF_WINDOWS)
        api = stack.enter_context(Child("api", ("-m", "api"), settings, folder / "api.log"))
        _wait(api, lambda: _answers(settings))
        yield settings, folder, api


def _measure(
    settings: Settings, folder: Path, api: Child, clients: int, rate: float, seconds: float
) -> LiveResult:
    arrived_file = folder / "arrived"
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
    """Commit at a steady rate. Returns when each was committed, by the monotonic clock."""
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


def _wait(child: Child, ready: Any) -> None:
    def ended_or_ready() -> bool:
        child.require_alive()
        return bool(ready())

    if not wait_until(ended_or_ready, START_LIMIT_S):
        raise StackError(f"{child.name} did not start within {START_LIMIT_S:.0f} s. {child.tail()}")


def _answers(settings: Settings) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{settings.api.port}/readyz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _table(result: LiveResult) -> Table:
    table = Table(
        "clients", "updates/s", "cores", "memory MiB", "p50 ms", "p95 ms", "p99 ms", "missing", "lost"
    )
    delays = result.delays_ms
    table.add_row(
        f"{result.clients:,}",
        f"{result.updates_per_s:g}",
        f"{result.cores:.2f}",
        f"{result.memory_bytes / MEBIBYTE:,.0f}",
        *(f"{value:,.0f}" for value in (delays.p50, delays.p95, delays.p99)),
        str(result.messages_missing),
        str(result.streams_lost),
    )
    return table


if __name__ == "__main__":
    app(prog_name="python -m bench.live")
