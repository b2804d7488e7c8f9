"""Dagster's metrics: runs, ticks and checks, from its web server."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from api.dagster import REPOSITORY, Dagster, DagsterError
from api.edge.shared import Shared
from core.logging import get_logger

WINDOW_S = 3600
MOST_RUNS = 500
AGE_S = 10.0
"""Scrapes within this time get the same figures."""

FIGURES = """
query Figures($repository: RepositorySelector!, $since: Float!, $most: Int!) {
  runsOrError(filter: {updatedAfter: $since}, limit: $most) { ... on Runs { results { jobName status } } }
  sensorsOrError(repositorySelector: $repository) {
    ... on Sensors { results { name sensorState { status ticks(limit: 1) { status timestamp } } } }
  }
  schedulesOrError(repositorySelector: $repository) {
    ... on Schedules { results { name scheduleState { status ticks(limit: 1) { status timestamp } } } }
  }
}
"""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """The newest tick of an active sensor or schedule."""

    name: str
    failed: bool
    timestamp: float


@dataclass(frozen=True, slots=True)
class DagsterFigures:
    """`runs`: those that changed in the last hour, by job and status. `checks`: passed, by asset, check, severity."""

    answers: bool
    runs: Counter[tuple[str, str]] = field(default_factory=Counter)
    ticks: tuple[Tick, ...] = ()
    checks: Mapping[tuple[str, str, str], bool] = field(default_factory=dict)

    def families(self) -> Iterator[Metric]:
        """The metrics. Labels are names from the code, so there are few."""
        yield GaugeMetricFamily(
            "orderpulse_dagster_up", "Whether Dagster's web server answered.", float(self.answers)
        )
        runs = GaugeMetricFamily(
            "orderpulse_dagster_runs_1h",  # a label `job` is Prometheus's own
            "Runs that changed their state in the last hour.",
            labels=["job_name", "status"],
        )
        for (job, status), count in sorted(self.runs.items()):
            runs.add_metric([job, status], count)
        yield runs
        ticked = GaugeMetricFamily(
            "orderpulse_dagster_tick_timestamp_seconds", "Last tick of a sensor or schedule.", labels=["name"]
        )
        failed = GaugeMetricFamily(
            "orderpulse_dagster_tick_failed", "Whether its last tick failed.", labels=["name"]
        )
        for tick in self.ticks:
            ticked.add_metric([tick.name], tick.timestamp)
            failed.add_metric([tick.name], float(tick.failed))
        yield from (ticked, failed)
        checks = GaugeMetricFamily(
            "orderpulse_dagster_check_passed",
            "Whether an asset check passed when it was last evaluated.",
            labels=["asset", "check", "severity"],
        )
        for (asset, name, severity), passed in sorted(self.checks.items()):
            checks.add_metric([asset, name, severity], float(passed))
        yield checks


class DagsterFiguresReader:
    """Queries Dagster and caches the result for a few seconds."""

    def __init__(self, dagster: Dagster) -> None:
        self._dagster = dagster
        self._figures = Shared[DagsterFigures](AGE_S)

    async def read(self) -> DagsterFigures:
        """The figures, at most ten seconds old. Never raises; `answers` is False if Dagster does not answer."""
        return await self._figures.get("figures", self._ask)

    async def _ask(self) -> DagsterFigures:
        status = await self._dagster.status()
        if not status.answers:
            return DagsterFigures(answers=False)
        variables = {"repository": REPOSITORY, "since": time.time() - WINDOW_S, "most": MOST_RUNS}
        try:
            found = await self._dagster.ask(FIGURES, variables)
            runs = Counter((run["jobName"], run["status"]) for run in found["runsOrError"]["results"])
            ticks = tuple(_ticks(found))
        except (DagsterError, KeyError, TypeError) as error:
            log.warning("metrics.dagster_away", error=str(error))
            return DagsterFigures(answers=False)
        checks: dict[tuple[str, str, str], bool] = {
            (each.asset, each.name, each.severity): each.passed for each in status.checks or ()
        }
        return DagsterFigures(answers=True, runs=runs, ticks=ticks, checks=checks)


def _ticks(found: Mapping[str, Any]) -> Iterator[Tick]:
    for kind, state in (("sensorsOrError", "sensorState"), ("schedulesOrError", "scheduleState")):
        for each in found[kind]["results"]:
            for tick in each[state]["ticks"] if each[state]["status"] == "RUNNING" else ():
                yield Tick(each["name"], tick["status"] == "FAILURE", tick["timestamp"])
