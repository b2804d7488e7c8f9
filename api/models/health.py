"""The platform's health."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.models.common import Freshness, Model
from control.judge import State

Action = Literal["start", "stop", "restart", "set_rate"]


LinkKind = Literal["dagster", "asset_graph", "automation", "asset", "checks", "job", "docs", "view"]


class Link(Model):
    """A related page elsewhere in the platform."""

    kind: LinkKind
    name: str | None = Field(None, description="Name of the asset, job or view.")
    label: str = Field(description="Kind and name in English.", examples=["Job dbt_build"])
    url: str


class Sentence(Model):
    """The summary as a code with values, for translation. `control/sentences.py` has the English texts."""

    code: str
    values: dict[str, str | int | float | datetime] = Field(
        default_factory=dict, description="`_s` are seconds, `_ms` milliseconds, `_share` fractions."
    )


class Component(Model):
    """One component of the platform, in one line."""

    name: Literal["generator", "kafka", "events_clean", "kpi_1m", "postgres", "dbt", "dagster", "api"]
    title: str = Field(examples=["Spark query events_clean"])
    state: State = Field(description="`stopped` is on purpose.")
    summary: str = Field(description="Its state in one sentence.")
    sentence: Sentence
    advice: str | None = Field(description="What to do; null if there is nothing to do.")
    heartbeat_at: datetime | None = Field(description="When it was last active.")
    rate: float | None = Field(None, description="Events per second that the generator should send.")
    actions: list[Action] = Field(
        default_factory=list, description="Actions allowed with the scope `operate`."
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
    processed_rate: float | None = Field(description="Records per second that its last batch processed.")
    batch_ms: float | None
    checkpoint_bytes: int | None
    checkpoint_age_s: float | None


class BatchPoint(Model):
    """Batches of one query in ten seconds, for the charts."""

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


class LateRecords(Model):
    """Events that came too late, of the last 24 hours of Kafka's time."""

    waiting: int = Field(description="Rejected, and not admitted.")
    admitted: int = Field(description="Admitted by the batch layer after all.")
    hourly: bool = Field(description="Whether they are admitted every hour (ORDERPULSE_SHOP__ADMIT_LATE).")


class Health(Freshness):
    """The platform's state. `status` is the worst of the components that should run."""

    status: Literal["ok", "degraded", "down"]
    components: list[Component]
    queries: list[QueryHealth]
    batches: list[BatchPoint] = Field(description="The last hour.")
    rejected: list[RejectReasonCount]
    accepted: int = Field(description="Accepted records in the same 15 minutes.")
    rejects_too_many: bool = Field(
        description="Whether the share of rejected records is above ORDERPULSE_CHECKS__REJECT_SHARE; false if there are too few records."
    )
    late: LateRecords
    checks: list[CheckResult] | None = Field(description="Null while Dagster does not respond.")
    incidents: list[Incident]
