"""All checks: on which asset, what they are for, and how each is evaluated."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import dagster as dg
import psycopg

from control.observation import Observation
from control.topic_state import Difference
from core.settings import CheckSettings, Settings
from database.losses import Loss, read_losses
from orchestration.defs.quality import (
    accounting,
    checkpoint_health,
    consumer_lag,
    field_values,
    freshness,
    guards,
    losses,
    reconciliation,
    records,
    topic,
)
from orchestration.defs.quality.verdict import Verdict


@dataclass
class Facts:
    """What the checks judge. What is expensive to read is read when a check asks for it, and once."""

    observation: Observation
    settings: Settings
    connection: psycopg.Connection[Any]
    read_topic: Callable[[], list[Difference] | None] = lambda: None
    """What differs in the topic; None if the broker does not answer."""

    _comparison: reconciliation.Comparison | None = None
    _guards: guards.Guards | None = None

    @property
    def comparison(self) -> reconciliation.Comparison:
        """The KPIs beside `events_clean`."""
        if self._comparison is None:
            self._comparison = reconciliation.compare(self.connection, self.settings, self.observation)
        return self._comparison

    @property
    def guards(self) -> guards.Guards:
        """Mistakes of producers in valid events."""
        if self._guards is None:
            self._guards = guards.read_guards(self.connection, self.observation.at, self.settings.checks)
        return self._guards

    def field_values(self) -> field_values.FieldValues:
        """The values of the optional fields."""
        limit = self.settings.checks.field_values
        return field_values.read_field_values(self.connection, self.observation.at, limit)

    def ledger(self, query: str) -> accounting.Ledger:
        """A query's batches of the minutes that are compared."""
        since = self.observation.at - timedelta(minutes=self.settings.checks.reconcile_minutes)
        return accounting.read_ledger(self.connection, query, since)

    def losses(self) -> list[Loss]:
        """The losses that are still reported."""
        since = self.observation.at - timedelta(hours=self.settings.checks.loss_hours)
        return read_losses(self.connection, since)


@dataclass(frozen=True, slots=True)
class Check:
    """A check of an asset. `expensive`: not evaluated at each tick, only when reports are due and after a failure."""

    asset: str
    name: str
    description: str
    evaluate: Callable[[Facts], Verdict]
    expensive: bool = False

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
    return freshness.evaluate(facts.observation, query, facts.settings)


def _checkpoint_health(query: str, facts: Facts) -> Verdict:
    limits = facts.settings.checks
    return checkpoint_health.evaluate(
        facts.observation, query, limits.checkpoint_stall_s, limits.checkpoint_size_mb
    )


def _accounting(query: str, facts: Facts) -> Verdict:
    return accounting.evaluate(facts.ledger(query))


Guard = Callable[[guards.Guards, CheckSettings], Verdict]


def _guard(name: str, description: str, evaluate: Guard) -> Check:
    return Check(
        "events_clean",
        name,
        description,
        lambda facts: evaluate(facts.guards, facts.settings.checks),
        expensive=True,
    )


GUARDS = (
    _guard("duplicate_content", guards.DUPLICATES_DESCRIPTION, guards.evaluate_duplicates),
    _guard("order_ids", guards.IDS_DESCRIPTION, guards.evaluate_ids),
    _guard("double_payments", guards.PAYMENTS_DESCRIPTION, guards.evaluate_payments),
    _guard("unusual_amounts", guards.AMOUNTS_DESCRIPTION, guards.evaluate_amounts),
)


def _of_query(query: str) -> Iterable[Check]:
    yield Check(query, "freshness", freshness.DESCRIPTION, partial(_freshness, query))
    yield Check(query, "checkpoint_health", checkpoint_health.DESCRIPTION, partial(_checkpoint_health, query))
    yield Check(query, "accounting", accounting.DESCRIPTION, partial(_accounting, query), expensive=True)


RECONCILIATION = Check(
    "kpi_1m",
    "reconciliation",
    reconciliation.DESCRIPTION,
    lambda facts: reconciliation.evaluate(facts.comparison),
    expensive=True,
)
CHECKS = (
    Check(
        "events_raw",
        "consumer_lag",
        consumer_lag.DESCRIPTION,
        lambda facts: consumer_lag.evaluate(facts.observation, facts.settings),
    ),
    Check(
        "events_raw",
        "topic_settings",
        topic.DESCRIPTION,
        lambda facts: topic.evaluate(facts.read_topic()),
        expensive=True,
    ),
    Check(
        "events_raw",
        "records_lost",
        losses.DESCRIPTION,
        lambda facts: losses.evaluate(facts.losses(), facts.settings.checks.loss_hours),
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
    *GUARDS,
    *_of_query("events_clean"),
    Check(
        "kpi_1m_detail",
        "field_values",
        field_values.DESCRIPTION,
        lambda facts: field_values.evaluate(facts.field_values(), facts.settings.checks.field_values),
        expensive=True,
    ),
    *_of_query("kpi_1m"),
    RECONCILIATION,
)
"""In the order of the graph."""
