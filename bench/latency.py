"""Measures the time from an event to its committed row, and memory in the same run.

One job runs through all rates without a restart. Each rate starts with a warm-up at that rate, whose
events are not measured. A rate ends when every event that was sent is in both tables,
so that slow ones are not left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psycopg

from bench.children import Child
from bench.command import Row
from bench.jobs import Job
from bench.kpi_watch import Commits, Floats, delays_ms, watched_commits
from bench.memory import MemoryResult, memory_results, sampled_memory
from bench.platform import Platform, count_valid
from bench.progress import Progress, Step
from bench.truth import faults
from core.clock import utc_now
from core.errors import StackError
from core.postgres import connect
from core.settings import Settings
from stack.host.waiting import wait_until

FIRST_BURST = 100
CATCH_UP_LIMIT_S = 300.0
EVENTS = """
    SELECT
        extract(epoch FROM event_time)::float8,
        extract(epoch FROM pg_xact_commit_timestamp(xmin) - event_time)::float8 * 1000
    FROM events_clean
    ORDER BY event_time
"""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles in milliseconds; `events` is the number of measured ones."""

    p50: float
    p95: float
    p99: float
    events: int

    @classmethod
    def of(cls, values: Floats) -> "Percentiles":
        """The percentiles of `values`. Raises `StackError` if there are none."""
        if not len(values):
            raise StackError("No event was measured: the job wrote nothing in time.")
        p50, p95, p99 = (round(float(value), 1) for value in np.percentile(values, (50, 95, 99)))
        return cls(p50, p95, p99, len(values))

    def cells(self) -> Row:
        """The cells of a table's row."""
        return {"p50 ms": self.p50, "p95 ms": self.p95, "p99 ms": self.p99, "events": self.events}


@dataclass(frozen=True, slots=True)
class LatencyResult:
    """At `rate` events a second: from event time to the commit of the row, and of the KPI that counts it."""

    job: Job
    rate: float
    events_clean: Percentiles
    kpi_1m: Percentiles
    memory: list[MemoryResult]


@dataclass(frozen=True, slots=True)
class _Phase:
    """One rate: events sent, start and end of the measured part (epoch seconds), memory in it."""

    sent: int
    began: float
    ended: float
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
    with platform.start_job(job, settings) as child, watched_commits(settings.postgres) as commits:
        sent = platform.fill(topic, FIRST_BURST)
        _wait_until_counted(settings, child, commits, sent)
        results = []
        for rate in rates:
            step = progress.step(f"{job}: latency at {rate:g} events/s", warm_up_s + measured_s)
            phase = _run_rate(platform, topic, child, rate, (warm_up_s, measured_s), step)
            sent += phase.sent
            _wait_until_counted(settings, child, commits, sent)
            with connect(settings.postgres, autocommit=True) as connection:
                clean, kpi = _delays(connection, commits, phase)
            results.append(LatencyResult(job, rate, Percentiles.of(clean), Percentiles.of(kpi), phase.memory))
    return results


def _run_rate(
    platform: Platform, topic: str, job: Child, rate: float, spans_s: tuple[float, float], step: Step
) -> _Phase:
    began = utc_now().timestamp() + spans_s[0]
    ended = began + spans_s[1]
    acknowledged = platform.fresh_ack_log()
    options = ("--rate", str(rate), "--late-share", "0", "--ack-log", str(acknowledged))
    with platform.start_generator(topic, *options) as generator:
        _pass_time(job, began, lambda now: step(now - began + spans_s[0]))
        with sampled_memory([*platform.servers, job, generator]) as samples:
            _pass_time(job, ended, lambda now: step(now - began + spans_s[0]))
    return _Phase(count_valid(acknowledged), began, ended, memory_results(samples))


def _pass_time(job: Child, until: float, step: Step) -> None:
    def passed() -> bool:
        job.require_alive()
        now = utc_now().timestamp()
        step(now)
        return now >= until

    wait_until(passed, float("inf"), poll_s=0.5)


def _wait_until_counted(settings: Settings, child: Child, commits: Commits, sent: int) -> None:
    """Return when both tables hold all that was sent, and the watch has seen it."""
    with connect(settings.postgres, autocommit=True) as connection:

        def counted() -> bool:
            child.require_alive()
            seen = commits[-1][0] if commits else 0
            return seen >= sent and not faults(connection, sent)

        if not wait_until(counted, CATCH_UP_LIMIT_S, poll_s=0.5):
            raise StackError(
                f"{child.name}: {sent} events were sent, and after {CATCH_UP_LIMIT_S:.0f} s the tables are not "
                f"correct: {faults(connection, sent)}. {child.tail()}"
            )


def _delays(
    connection: psycopg.Connection[tuple[object, ...]], commits: Commits, phase: _Phase
) -> tuple[Floats, Floats]:
    """Delays in milliseconds of the events of the measured part, to their row and to their KPI."""
    table = np.array(connection.execute(EVENTS).fetchall(), dtype=np.float64)
    times, to_row = table[:, 0], table[:, 1]
    to_kpi = delays_ms(times, list(commits))
    measured = (times >= phase.began) & (times < phase.ended)
    return to_row[measured], to_kpi[measured[: len(to_kpi)]]
