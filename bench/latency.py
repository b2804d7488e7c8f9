"""How long from an event's time to its committed row? And, in the same run, how much memory is held.

One job runs through all rates without a restart. At each rate it is first warmed up at that rate;
events of the warm-up and late events are not measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psycopg

from bench.children import Child
from bench.jobs import Job
from bench.kpi_watch import Floats, KpiWatch, delays_ms
from bench.memory import MemoryResult, MemorySampler
from bench.platform import Platform
from bench.progress import Progress, Step
from core.clock import utc_now
from core.errors import StackError
from core.postgres import connect
from core.settings import Settings
from stack.waiting import wait_until

__all__ = ["LatencyResult", "Percentiles", "measure_latency"]

START_LIMIT_S = 120.0
SETTLE_S = 10.0
EVENTS = """
    SELECT
        extract(epoch FROM event_time)::float8,
        extract(epoch FROM pg_xact_commit_timestamp(xmin) - event_time)::float8 * 1000
    FROM events_clean
    ORDER BY event_time
"""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds; `events` is how many were measured."""

    p50: float
    p95: float
    p99: float
    events: int

    @classmethod
    def of(cls, values: Floats) -> "Percentiles":
        """The percentiles of `values`. Raises `StackError` where there are none."""
        if not len(values):
            raise StackError("No event was measured: the job wrote nothing in time.")
        p50, p95, p99 = (round(float(value), 1) for value in np.percentile(values, (50, 95, 99)))
        return cls(p50, p95, p99, len(values))


@dataclass(frozen=True, slots=True)
class LatencyResult:
    """At `rate` events a second: from event time to the commit of the row, and of the KPI that counts it."""

    job: Job
    rate: float
    events_clean: Percentiles
    kpi_1m: Percentiles
    memory: list[MemoryResult]


def measure_latency(
    platform: Platform,
    job: Job,
    rates: Sequence[float],
    warm_up_s: float,
    measured_s: float,
    progress: Progress,
) -> list[LatencyResult]:
    """Latency and memory of `job` at each of `rates`."""
    topic = platform.fresh_topic()
    settings = platform.settings_for(topic)
    with platform.start_job(job, settings) as child, KpiWatch(settings.postgres) as watch:
        _wait_for_first_row(platform, topic, settings, child)
        results = []
        for rate in rates:
            step = progress.step(f"{job}: latency at {rate:g} events/s", warm_up_s + measured_s)
            memory, began, ended = _run_rate(platform, topic, child, rate, (warm_up_s, measured_s), step)
            with connect(settings.postgres, autocommit=True) as connection:
                clean, kpi = _delays(connection, watch, began, ended)
            results.append(LatencyResult(job, rate, Percentiles.of(clean), Percentiles.of(kpi), memory))
    return results


def _run_rate(
    platform: Platform, topic: str, job: Child, rate: float, spans_s: tuple[float, float], step: Step
) -> tuple[list[MemoryResult], float, float]:
    """Memory while `rate` was measured, and when (epoch seconds) that was."""
    began = utc_now().timestamp() + spans_s[0]
    ended = began + spans_s[1]
    options = ("--rate", str(rate), "--late-share", "0")
    with platform.start_generator(topic, *options) as generator:
        _pass_time(job, began, lambda now: step(now - began + spans_s[0]))
        with MemorySampler([*platform.servers, job, generator]) as sampler:
            _pass_time(job, ended, lambda now: step(now - began + spans_s[0]))
    _pass_time(job, ended + min(SETTLE_S, spans_s[1]), lambda _: None)
    return sampler.results(), began, ended


def _pass_time(job: Child, until: float, step: Step) -> None:
    def passed() -> bool:
        job.require_alive()
        now = utc_now().timestamp()
        step(now)
        return now >= until

    wait_until(passed, float("inf"), poll_s=0.5)


def _wait_for_first_row(platform: Platform, topic: str, settings: Settings, child: Child) -> None:
    """The job is up once it has written what a short burst sent."""
    platform.fill(topic, 100)

    def written() -> bool:
        child.require_alive()
        with connect(settings.postgres, autocommit=True) as connection:
            row = connection.execute("SELECT 1 FROM kpi_1m LIMIT 1").fetchone()
        return row is not None

    if not wait_until(written, START_LIMIT_S, poll_s=0.5):
        raise StackError(f"{child.name} wrote nothing within {START_LIMIT_S:.0f} s. {child.tail()}")


def _delays(
    connection: psycopg.Connection[tuple[object, ...]], watch: KpiWatch, began: float, ended: float
) -> tuple[Floats, Floats]:
    """Delays in milliseconds of the events of [began, ended), to their row and to their KPI."""
    table = np.array(connection.execute(EVENTS).fetchall(), dtype=np.float64)
    times, to_row = table[:, 0], table[:, 1]
    to_kpi = delays_ms(times, list(watch.commits))
    measured = (times >= began) & (times < ended)
    return to_row[measured], to_kpi[measured[: len(to_kpi)]]
