"""`python -m bench.api`: how long the API takes to answer at a steady rate, beside the running platform.

Requests are sent at fixed times whether or not earlier ones were answered, and each is timed from the moment
at which it was due: an API that falls behind shows it.
"""

import asyncio
import re
import time
from typing import Annotated

import numpy as np
import psutil
import typer
from rich.console import Console
from rich.table import Table

from bench.latency import Percentiles
from core.settings import load_settings
from stack.ports import port_holder

__all__ = ["app"]

PATHS = {
    "kpi 15m": "/api/v1/kpi?range=15m",
    "kpi today": "/api/v1/kpi?range=today&tz=Asia/Ho_Chi_Minh",
    "timeseries 1h": "/api/v1/timeseries?range=1h",
    "timeseries 24h": "/api/v1/timeseries?range=24h",
}
"""Asked in turn."""

CONNECTIONS = 16
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
Answers = dict[str, list[tuple[int, float]]]

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@app.command()
def api(
    rate: Annotated[float, typer.Option(min=1, help="Requests per second.")] = 200.0,
    seconds: Annotated[float, typer.Option(min=1, help="Measured time.")] = 30.0,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds before.")] = 5.0,
) -> None:
    """Ask for KPIs and series at a steady rate, and show the times of the answers by path."""
    settings = load_settings()
    holder = port_holder(settings.api.port)
    if holder is None or holder.pid is None:
        typer.echo(
            f"error: no API listens on port {settings.api.port}; start it with `orderpulse up`.", err=True
        )
        raise typer.Exit(1)
    process = psutil.Process(holder.pid)
    asyncio.run(_ask(settings.api.host, settings.api.port, rate, warm_up))
    busy_before, started = sum(process.cpu_times()[:2]), time.monotonic()
    found = asyncio.run(_ask(settings.api.host, settings.api.port, rate, seconds))
    cores = (sum(process.cpu_times()[:2]) - busy_before) / (time.monotonic() - started)
    Console().print(_table(found, rate, cores))
    refused = [status for answers in found.values() for status, _ in answers if status != 200]
    if refused:
        typer.echo(
            f"error: {len(refused)} requests were not answered with 200: {sorted(set(refused))}", err=True
        )
        raise typer.Exit(1)


async def _ask(host: str, port: int, rate: float, seconds: float) -> Answers:
    """Status and time in ms of each answer, by the name of its path."""
    found: Answers = {name: [] for name in PATHS}
    due: asyncio.Queue[tuple[str, float] | None] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_serve_queue(host, port, due, found))
        began, names = time.perf_counter(), list(PATHS)
        for number in range(round(rate * seconds)):
            moment = began + number / rate
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            due.put_nowait((names[number % len(names)], moment))
        for _ in range(CONNECTIONS):
            due.put_nowait(None)
    return found


async def _serve_queue(
    host: str, port: int, due: "asyncio.Queue[tuple[str, float] | None]", found: Answers
) -> None:
    """Send what is due over one connection, one request after the other.

    Written on sockets: the clients that can do more take longer for a request than the API does.
    """
    reader, writer = await asyncio.open_connection(host, port)
    while (order := await due.get()) is not None:
        name, moment = order
        writer.write(f"GET {PATHS[name]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        assert length is not None, head
        await reader.readexactly(int(length[1]))
        found[name].append((int(head.split(b" ", 2)[1]), (time.perf_counter() - moment) * 1000))
    writer.close()


def _table(found: Answers, rate: float, cores: float) -> Table:
    title = f"{rate:.0f} requests/s; the API took {cores:.2f} cores"
    table = Table("path", "answers", "p50 ms", "p95 ms", "p99 ms", title=title)
    rows = [(name, [ms for _, ms in answers]) for name, answers in found.items()]
    for name, times in [*rows, ("all", [ms for _, each in rows for ms in each])]:
        if times:
            p = Percentiles.of(np.array(times))
            table.add_row(name, f"{len(times):,}", *(f"{value:,.1f}" for value in (p.p50, p.p95, p.p99)))
    return table


if __name__ == "__main__":
    app(prog_name="python -m bench.api")
