"""What an observation holds. Times are aware and in UTC; ages and lags are seconds before `Observation.at`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.checkpoint import Checkpoint

__all__ = ["GAVE_UP", "Observation", "QueryState", "Rejects", "ServiceState"]

GAVE_UP = "gave up"
"""How the reason begins where the platform, and not a person, stopped a service."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A process that people start and stop: what is wanted of it, and what it last said of itself.

    `reason` says why it is wanted so. The heartbeat's fields are None where it never beat.
    """

    name: str
    desired: str
    reason: str | None
    changed_at: datetime
    pid: int | None
    started_at: datetime | None
    heartbeat_age_s: float | None
    progress: dict[str, Any]

    @property
    def wanted(self) -> bool:
        """Whether it is meant to run."""
        return self.desired == "running"

    @property
    def gave_up(self) -> bool:
        """Whether the platform stopped it because it failed again and again."""
        return not self.wanted and (self.reason or "").startswith(GAVE_UP)

    @property
    def stopped_on_purpose(self) -> bool:
        """Whether a person stopped it."""
        return not self.wanted and not self.gave_up


@dataclass(frozen=True, slots=True)
class QueryState:
    """One of the two queries: its last committed batch, its backlog, its checkpoint.

    None stands for what is not known: no batch yet, no heartbeat, a broker that did not answer.
    `lag_records` are records of the topic that no batch has committed. Rates are records/s.
    `commit_seen` is the newest commit of the checkpoint before the ledger was read, and
    `ledger_batch_id` the newest batch that the ledger has of this checkpoint: with the checkpoint
    itself, which is read after the ledger, they can be compared although the query goes on.
    """

    name: str
    batch_id: int | None
    committed_at: datetime | None
    commit_age_s: float | None
    max_event_time: datetime | None
    event_time_lag_s: float | None
    lag_records: int | None
    input_rate: float | None
    processed_rate: float | None
    batch_ms: float | None
    checkpoint: Checkpoint | None
    checkpoint_age_s: float | None
    commit_seen: int | None
    ledger_batch_id: int | None

    @property
    def catch_up_s(self) -> float | None:
        """How long the backlog takes at the rate of the last batch, in seconds."""
        if self.lag_records is None or not self.processed_rate:
            return None
        return self.lag_records / self.processed_rate


@dataclass(frozen=True, slots=True)
class Rejects:
    """Records of the last `minutes` minutes: the rejected ones by reason, and the accepted."""

    minutes: int
    by_reason: dict[str, int]
    accepted: int

    @property
    def rejected(self) -> int:
        """Rejected records of all reasons."""
        return sum(self.by_reason.values())

    @property
    def share(self) -> float:
        """Rejected records in all; 0 where there are none."""
        total = self.rejected + self.accepted
        return self.rejected / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything that the sensors report and the checks judge.

    `last_window` is the start of the newest row of `kpi_1m`. `dropped_unhealed_records` were
    dropped by the watermark and are not brought back yet, the first of them `dropped_age_s` ago.
    """

    at: datetime
    services: dict[str, ServiceState]
    queries: dict[str, QueryState]
    last_window: datetime | None
    rejects: Rejects
    dropped_unhealed_records: int
    dropped_age_s: float | None

    @property
    def generator(self) -> ServiceState:
        """The generator of events."""
        return self.services["generator"]

    @property
    def stream(self) -> ServiceState:
        """The Spark job."""
        return self.services["spark_stream"]
