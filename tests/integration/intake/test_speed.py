"""How fast intake is: `pytest -m slow tests/integration/intake/test_speed.py` prints the figures."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import httpx
import psutil
import pytest

from core.kafka import end_offsets
from core.schemas import event_schema
from core.settings import KafkaSettings, Settings
from tests.intake.process import AUTHORIZED, IntakeProcess
from tests.intake.senders import SECRETS, fixture, signed

SECONDS = 10
WARM_UP_S = 3
EVENT = event_schema()["examples"][0]
Make = Callable[[], httpx.Request]


async def _paced(client: httpx.AsyncClient, per_s: float, seconds: float, make: Make) -> list[float]:
    """Latencies in seconds of requests that are due at a fixed pace, from when each was due."""
    found: list[float] = []
    began = time.perf_counter()

    async def one(due: float, request: httpx.Request) -> None:
        answer = await client.send(request)
        found.append(time.perf_counter() - due)
        assert answer.is_success, answer.text

    async with asyncio.TaskGroup() as group:
        for number in range(int(per_s * seconds)):
            due = began + number / per_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(due, make()))
    return found


async def _run(address: str, per_s: float, make: Callable[[httpx.AsyncClient], Make]) -> list[float]:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False, limits=limits) as client:
        await _paced(client, per_s, WARM_UP_S, make(client))
        return await _paced(client, per_s, SECONDS, make(client))


def _webhooks(client: httpx.AsyncClient) -> Make:
    message = fixture("stripe", "payment_succeeded_usd").received

    def make() -> httpx.Request:
        own = message.body.replace(b"pi_3QyAlice0001", uuid4().hex.encode())
        ready = signed(
            "stripe", type(message)(own, "", message.headers), SECRETS["stripe"], datetime.now(UTC)
        )
        return client.build_request(
            "POST", "/v1/sources/stripe", content=ready.body, headers=dict(ready.headers)
        )

    return make


def _batches(client: httpx.AsyncClient) -> Make:
    def make() -> httpx.Request:
        body = json.dumps([EVENT | {"id": str(uuid4())} for _ in range(100)])
        return client.build_request("POST", "/v1/events", content=body, headers=AUTHORIZED)

    return make


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "per_s", "records", "make"),
    [("webhooks of Stripe", 200, 1, _webhooks), ("batches of 100 events", 50, 100, _batches)],
)
def test_speed(
    settings: Settings,
    broker: KafkaSettings,
    topic: str,
    tmp_path: Path,
    measured: Callable[[str], None],
    what: str,
    per_s: float,
    records: int,
    make: Callable[[httpx.AsyncClient], Make],
) -> None:
    own = settings.model_copy(update={"kafka": broker.model_copy(update={"topic": topic})})
    with IntakeProcess(own, tmp_path) as intake:
        process = psutil.Process(intake.process.pid)
        before_s = sum(process.cpu_times()[:2])
        latencies = asyncio.run(_run(intake.address, per_s, make))
        requests = per_s * (SECONDS + WARM_UP_S)
        cost_s = (sum(process.cpu_times()[:2]) - before_s) / requests
    cuts = quantiles(latencies, n=100)
    measured(
        f"{per_s:.0f}/s {what}: p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms, "
        f"{cost_s * 1000:.2f} ms of processor time each"
    )
    total = sum(end_offsets(broker, topic).values())
    assert total >= requests * records
    assert cuts[98] <= 0.05
