"""Measures how fast the Spark job and the plain consumer, in turn, drain the same backlog.

Both are warmed up on the topic's first records and then paused (SIGSTOP keeps the warm JVM) while the
backlog is written; each then runs alone, from its resumption to the commit that makes its tables correct.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from bench.children import Child
from bench.jobs import Job
from bench.platform import Platform
from bench.progress import Progress, Step
from bench.truth import faults, kpi_total, last_commit
from core.clock import utc_now
from core.errors import StackError
from core.postgres import connect
from core.settings import Settings
from stack.host.waiting import wait_until

LIMIT_S = 600.0


@dataclass(frozen=True, slots=True)
class DrainResult:
    """One drain. Seconds from the resumption to the last commit of each table."""

    job: Job
    records: int
    warm_up: int
    seconds: float
    seconds_by_table: dict[str, float]

    @property
    def records_per_s(self) -> float:
        """Records of the backlog per second, including invalid ones and duplicates."""
        return self.records / self.seconds


@dataclass(frozen=True, slots=True)
class _Contender:
    job: Job
    settings: Settings
    child: Child


def measure_drain(
    platform: Platform, jobs: Sequence[Job], records: int, warm_up: int, progress: Progress
) -> list[DrainResult]:
    """Drain one backlog with each of `jobs`, in this order. Raises `StackError` if tables stay wrong."""
    topic = platform.fresh_topic()
    expected = platform.fill(topic, warm_up)
    with ExitStack() as stack:
        contenders = []
        for job in jobs:
            settings = platform.settings_for(topic)
            child = stack.enter_context(platform.start_job(job, settings))
            contender = _Contender(job, settings, child)
            _wait_until_right(
                contender, expected, progress.step(f"{job}: warm-up of {warm_up:,} records", expected)
            )
            child.pause()
            contenders.append(contender)
        progress.say(f"writing the backlog of {records:,} records")
        expected += platform.fill(topic, records)
        results = []
        for contender in contenders:
            step = progress.step(f"{contender.job}: drain of {records:,} records", expected)
            results.append(_drain(contender, expected, records, warm_up, step))
            contender.child.pause()
    return results


def _drain(contender: _Contender, expected: int, records: int, warm_up: int, step: Step) -> DrainResult:
    began = utc_now()
    contender.child.resume()
    ended = _wait_until_right(contender, expected, step)
    by_table = {table: (at - began).total_seconds() for table, at in ended.items()}
    return DrainResult(contender.job, records, warm_up, max(by_table.values()), by_table)


def _wait_until_right(contender: _Contender, expected: int, step: Step) -> dict[str, datetime]:
    """Commit times of the tables once they are correct."""
    with connect(contender.settings.postgres, autocommit=True) as connection:

        def right() -> bool:
            contender.child.require_alive()
            total = kpi_total(connection)
            step(total)
            return total >= expected and not faults(connection, expected)

        if not wait_until(right, LIMIT_S, poll_s=0.5):
            raise StackError(
                f"{contender.job}: the tables are not correct after {LIMIT_S:.0f} s: "
                f"{faults(connection, expected)}. {contender.child.tail()}"
            )
        return last_commit(connection)
