"""`python -m bench.api`: response times of the running platform's API at a steady rate.

Requests are sent at fixed times whether or not earlier ones were answered, and each is timed from the time
at which it was due, so the figures include queueing.
"""

import asyncio
import re
import time
from typing import Annotated

import numpy as np
import psutil
import typer

from bench.command import run, show
from bench.latency import Percentiles
from core.errors import StackError
from core.settings import load_settings
from stack.host.ports import port_holder

PATHS = {
    "kpi 15m": "/api/v1/kpi?range=15m",
    "kpi today": "/api/v1/kpi?range=today&tz=Asia/Ho_Chi_Minh",
    "timeseries 1h": "/api/v1/timeseries?range=1h",
    "timeseries 24h": "/api/v1/timeseries?range=24h",
}
"""Requested in turn."""

CONNECTIONS = 16
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
Answers = dict[str, list[tuple[int, float]]]


def api(
    rate: Annotated[float, typer.Option(min=1, help="Requests per second.")] = 200.0,
    seconds: Annotated[float, typer.Option(min=1, help="Measured time.")] = 30.0,
    warm_up: Annotated[float, typer.Option(min=0, help="Warm-up time.")] = 5.0,
) -> None:
    """Request KPIs and series at a steady rate, and show the response times by path."""
    settings = load_settings()
    holder = port_holder(settings.api.port)
    if holder is None or holder.pid is None:
        raise StackError(f"No API listens on port {settings.api.port}; start it with `orderpulse up`.")
    process = psutil.Process(holder.pid)
    asyncio.run(_ask(settings.api.host, settings.api.port, rate, warm_up))
    busy_before, started = sum(process.cpu_times()[:2]), time.monotonic()
    found = asyncio.run(_ask(settings.api.host, settings.api.port, rate, seconds))
    cores = (sum(process.cpu_times()[:2]) - busy_before) / (time.monotonic() - started)
    times = {name: [ms for _, ms in answers] for name, answers in found.items() if answers}
    times["all"] = [ms for each in times.values() for ms in each]
    show(
        f"{rate:.0f} requests/s; the API took {cores:.2f} cores",
        [{"path": name} | Percentiles.of(np.array(each)).cells() for name, each in times.items()],
    )
    refused = [status for answers in found.values() for status, _ in answers if status != 200]
    if refused:
        raise StackError(f"{len(refused)} requests were not answered with 200: {sorted(set(refused))}")


async def _ask(host: str, port: int, rate: float, seconds: float) -> Answers:
    """Status and time in ms of each response, by the name of its path."""
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
    """Send due requests over one connection, one after the other.

    Uses plain sockets: full-featured clients take longer for a request than the API.
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


if __name__ == "__main__":
    run(api, "bench.api")
