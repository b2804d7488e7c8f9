"""How the platform is."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.models.common import Freshness, Model

__all__ = [
    "Action",
    "BatchPoint",
    "CheckResult",
    "Component",
    "ComponentState",
    "Health",
    "Incident",
    "Link",
    "QueryHealth",
    "RejectReasonCount",
]

ComponentState = Literal["ok", "starting", "warning", "error", "stopped", "unknown"]
Action = Literal["start", "stop", "restart", "set_rate"]


class Link(Model):
    """A page elsewhere in the platform that helps."""

    label: str
    url: str


class Component(Model):
    """One part of the platform, in one line."""

    name: Literal["generator", "kafka", "events_clean", "kpi_1m", "postgres", "dbt", "dagster", "api"]
    title: str = Field(examples=["Spark query events_clean"])
    state: ComponentState = Field(description="`stopped` is on purpose.")
    summary: str = Field(description="What is, in one sentence.")
    advice: str | None = Field(description="What to do; null where there is nothing to do.")
    heartbeat_at: datetime | None = Field(description="When it last showed life.")
    rate: float | None = Field(None, description="Events per second that the generator is to send.")
    actions: list[Action] = Field(
        default_factory=list, description="What a holder of `operate` may ask of it."
    )
    links: list[Link] = Field(default_factory=list)


class QueryHealth(Model):
    """One streaming query, from its ledger and its heartbeat."""

    name: Literal["events_clean", "kpi_1m"]
    batch_id: int | None
    committed_at: datetime | None
    event_time_lag_s: float | None
    lag_records: int | None = Field(description="Records of the topic that it has not read.")
    input_rate: float | None = Field(description="Records per second that arrive.")
    processed_rate: float | None = Field(description="Records per second that its last batch managed.")
    batch_ms: float | None
    checkpoint_bytes: int | None
    checkpoint_age_s: float | None


class BatchPoint(Model):
    """Batches of one query in ten seconds, for the plots."""

    at: datetime
    query: Literal["events_clean", "kpi_1m"]
    batches: int
    records: int
    batch_ms: float = Field(description="Mean time of a batch.")
    lag_s: float | None = Field(description="Commit minus newest event time; the largest.")


class CheckResult(Model):
    """The last evaluation of an asset check."""

    asset: str
    name: str
    passed: bool
    severity: Literal["WARN", "ERROR"]
    text: str
    evaluated_at: datetime
    url: str


class Incident(Model):
    """An open row of `ops.alert`."""

    incident: str
    title: str
    text: str
    opened_at: datetime


class RejectReasonCount(Model):
    """Rejected records of the last 15 minutes by reason."""

    reason: str
    records: int


class Health(Freshness):
    """The platform's state. `status` is the worst of the components that are wanted."""

    status: Literal["ok", "degraded", "down"]
    components: list[Component]
    queries: list[QueryHealth]
    batches: list[BatchPoint] = Field(description="The last hour.")
    rejected: list[RejectReasonCount]
    accepted: int = Field(description="Accepted records in the same 15 minutes.")
    checks: list[CheckResult] | None = Field(description="Null while Dagster does not answer.")
    incidents: list[Incident]
