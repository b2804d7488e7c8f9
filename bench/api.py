"""`python -m bench.api`: how long the API takes to answer at a steady rate, beside the running platform.

Requests are sent at fixed times whether or not earlier ones were answered, and each is timed from the moment
at which it was due: an API that falls behind shows it.
"""

import asyncio
import time
from typing import Annotated

import httpx
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

BROKEN = 0
"""In place of a status where the connection broke."""

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@app.command()
def api(
    rate: Annotated[float, typer.Option(min=1, help="Requests per second.")] = 200.0,
    seconds: Annotated[float, typer.Option(min=1, help="Measured time.")] = 30.0,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds before.")] = 5.0,
) -> None:
    """Ask for KPIs and series at a steady rate, and show the times of the answers by path."""
    settings = load_settings()
    address = f"http://{settings.api.host}:{settings.api.port}"
    holder = port_holder(settings.api.port)
    if holder is None or holder.pid is None:
        typer.echo(f"error: no API listens on {address}; start it with `orderpulse up`.", err=True)
        raise typer.Exit(1)
    process = psutil.Process(holder.pid)
    asyncio.run(_ask(address, rate, warm_up))
    busy_before, started = sum(process.cpu_times()[:2]), time.monotonic()
    found = asyncio.run(_ask(address, rate, seconds))
    cores = (sum(process.cpu_times()[:2]) - busy_before) / (time.monotonic() - started)
    Console().print(_table(found, rate, cores))
    refused = [status for answers in found.values() for status, _ in answers if status != 200]
    if refused:
        typer.echo(
            f"error: {len(refused)} requests were not answered with 200: {sorted(set(refused))}", err=True
        )
        raise typer.Exit(1)


async def _ask(address: str, rate: float, seconds: float) -> dict[str, list[tuple[int, float]]]:
    """Status and time in ms of each answer, by the name of its path."""
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in PATHS}
    names = list(PATHS)
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with (
        httpx.AsyncClient(base_url=address, limits=limits, timeout=30) as client,
        asyncio.TaskGroup() as group,
    ):
        began = time.perf_counter()
        for number in range(round(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(_one(client, names[number % len(names)], due, found))
    return found


async def _one(
    client: httpx.AsyncClient, name: str, due: float, found: dict[str, list[tuple[int, float]]]
) -> None:
    try:
        status = (await client.get(PATHS[name])).status_code
    except httpx.HTTPError:
        status = BROKEN
    found[name].append((status, (time.perf_counter() - due) * 1000))


def _table(found: dict[str, list[tuple[int, float]]], rate: float, cores: float) -> Table:
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
