"""All checks: on which asset, what they are for, and how each is evaluated."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import dagster as dg
import psycopg

from core.settings import Settings
from orchestration.defs.quality import (
    accounting,
    checkpoint_health,
    consumer_lag,
    freshness,
    reconciliation,
    records,
)
from orchestration.defs.quality.verdict import Verdict
from orchestration.observation import Observation

__all__ = ["CHECKS", "RECONCILIATION", "Check", "Facts"]


@dataclass
class Facts:
    """What the checks judge. What is dear to read is read when a check asks for it, and once."""

    observation: Observation
    settings: Settings
    connection: psycopg.Connection[Any]
    _comparison: reconciliation.Comparison | None = None

    @property
    def comparison(self) -> reconciliation.Comparison:
        """The KPIs beside `events_clean`."""
        if self._comparison is None:
            self._comparison = reconciliation.compare(self.connection, self.settings, self.observation)
        return self._comparison

    def ledger(self, query: str) -> accounting.Ledger:
        """A query's batches of the minutes that are compared."""
        since = self.observation.at - timedelta(minutes=self.settings.checks.reconcile_minutes)
        return accounting.read_ledger(self.connection, query, since)


@dataclass(frozen=True, slots=True)
class Check:
    """A check of an asset. `dear`: not evaluated at each tick, only when reports are due and after a failure."""

    asset: str
    name: str
    description: str
    evaluate: Callable[[Facts], Verdict]
    dear: bool = False

    @property
    def key(self) -> str:
        """Its name in the sensor's memory and in `ops.alert`."""
        return f"{self.asset}/{self.name}"

    @property
    def spec(self) -> dg.AssetCheckSpec:
        """What Dagster shows of it."""
        return dg.AssetCheckSpec(self.name, asset=self.asset, description=self.description)

    def evaluation(self, verdict: Verdict) -> dg.AssetCheckEvaluation:
        """A verdict as an event without a run."""
        return dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(self.asset),
            check_name=self.name,
            passed=verdict.passed,
            severity=verdict.severity,
            description=verdict.description,
            metadata=dict(verdict.metadata),
        )

    def result(self, verdict: Verdict) -> dg.AssetCheckResult:
        """A verdict as the result of a run."""
        return dg.AssetCheckResult(
            asset_key=self.asset,
            check_name=self.name,
            passed=verdict.passed,
            severity=verdict.severity,
            description=verdict.description,
            metadata=dict(verdict.metadata),
        )


def _freshness(query: str, facts: Facts) -> Verdict:
    return freshness.evaluate(facts.observation, query, facts.settings.checks.freshness_limit_s)


def _checkpoint_health(query: str, facts: Facts) -> Verdict:
    limits = facts.settings.checks
    return checkpoint_health.evaluate(
        facts.observation, query, limits.checkpoint_stall_s, limits.checkpoint_size_mb
    )


def _accounting(query: str, facts: Facts) -> Verdict:
    return accounting.evaluate(facts.ledger(query))


def _of_query(query: str) -> Iterable[Check]:
    yield Check(query, "freshness", freshness.DESCRIPTION, partial(_freshness, query))
    yield Check(query, "checkpoint_health", checkpoint_health.DESCRIPTION, partial(_checkpoint_health, query))
    yield Check(query, "accounting", accounting.DESCRIPTION, partial(_accounting, query), dear=True)


RECONCILIATION = Check(
    "kpi_1m",
    "reconciliation",
    reconciliation.DESCRIPTION,
    lambda facts: reconciliation.evaluate(facts.comparison),
    dear=True,
)
CHECKS = (
    Check(
        "events_raw",
        "consumer_lag",
        consumer_lag.DESCRIPTION,
        lambda facts: consumer_lag.evaluate(facts.observation, facts.settings.checks.consumer_lag_records),
    ),
    Check(
        "events_rejected",
        "reject_rate",
        records.REJECTED_DESCRIPTION,
        lambda facts: records.evaluate_rejected(facts.observation, facts.settings.checks.reject_share),
    ),
    Check(
        "events_clean",
        "dropped_by_watermark",
        records.DROPPED_DESCRIPTION,
        lambda facts: records.evaluate_dropped(facts.observation, facts.settings.checks.dropped_records),
    ),
    *_of_query("events_clean"),
    *_of_query("kpi_1m"),
    RECONCILIATION,
)
"""In the order of the graph."""
