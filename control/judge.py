"""What the platform's state means: verdicts with a state, a sentence and advice. Pure.

The API shows them as components; Dagster's checks, its streaming sensor and the health column of `orderpulse status`
follow them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from control.heartbeat import Heartbeat
from control.limits import CATCH_UP_S, FIRST_HEARTBEAT_S, FIRST_OUTPUT_S, QUIET_S
from control.rejects import WINDOW_MINUTES, RejectShare
from control.sentences import Value, write
from control.state import PlatformState, QueryState, ServiceState
from core.settings import Settings

State = Literal["ok", "starting", "warning", "error", "stopped", "unknown"]
Liveness = Literal["starting", "alive", "quiet", "hung"]
PipelineState = Literal["running", "starting", "stopped", "source_stopped"]
TITLES = {"generator": "generator", "spark_stream": "stream"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A component's state, the sentence about it as a code with values, and what to do."""

    state: State
    code: str
    values: Mapping[str, Value] = field(default_factory=dict)
    advice: str | None = None

    @property
    def summary(self) -> str:
        """The sentence in English."""
        return write(self.code, self.values)


def liveness(heartbeat_age_s: float | None, up_s: float, hang_s: float, first_heartbeat_s: float) -> Liveness:
    """The state of a process that was started `up_s` ago, by the age of its own last heartbeat; None: it has sent none."""
    if heartbeat_age_s is None:
        return "starting" if up_s < first_heartbeat_s else "hung"
    if heartbeat_age_s >= hang_s:
        return "hung"
    return "quiet" if heartbeat_age_s > QUIET_S else "alive"


def process_health(name: str, heartbeat: Heartbeat | None, up_s: float, hang_s: float) -> str:
    """`healthy`, or in a few words why a service's process is not; `heartbeat`: its own, None if it has sent none."""
    age_s = heartbeat.age_s if heartbeat else None
    match liveness(age_s, up_s, hang_s, FIRST_HEARTBEAT_S[name]):
        case "starting":
            return "starting: no heartbeat yet"
        case "hung":
            return f"unhealthy: silent for {up_s if age_s is None else age_s:.0f} s"
        case _:
            return "healthy"


def service(
    state: PlatformState, name: str, hang_s: float, platform_began: datetime | None = None
) -> Verdict | None:
    """What there is to report about a service that is stopped, fails, starts or is silent; None if it is alive.

    `platform_began`: when the whole platform may have been started.
    """
    found, what = state.services.get(name), TITLES[name]
    if found is None:
        return Verdict("unknown", "service_unknown", {"what": what}, "Run `orderpulse up`.")
    if not found.wanted:
        return stopped(found)
    log = f"logs/{name}.log"
    if found.failing is not None:
        return Verdict("error", "failing", {"what": what, "reason": found.failing}, f"See {log}.")
    age_s = found.heartbeat_age_s
    up_s = (state.at - max(found.changed_at, platform_began or found.changed_at)).total_seconds()
    is_own = age_s is not None and age_s <= max(up_s, QUIET_S)
    match liveness(age_s if is_own else None, up_s, hang_s, FIRST_HEARTBEAT_S[name]):
        case "alive":
            return None
        case "starting":
            return Verdict("starting", "silent_at_start", {"what": what, "age_s": up_s})
        case "quiet":
            return Verdict("warning", "silent", {"what": what, "age_s": age_s or 0.0})
    if age_s is None:
        return Verdict("error", "never_said", {"what": what}, f"Start it; see {log}.")
    advice = f"It is restarted automatically; if this persists, see {log}."
    return Verdict("error", "silent", {"what": what, "age_s": age_s}, advice)


def stopped(found: ServiceState) -> Verdict:
    """About a service that somebody has stopped."""
    values: dict[str, Value] = {"at": found.changed_at, "reason": found.reason or "no reason given"}
    return Verdict("stopped", "stopped", values, "Start it to continue.")


def generator(state: PlatformState, settings: Settings, platform_began: datetime | None = None) -> Verdict:
    """The generator, by its heartbeat."""
    if verdict := service(state, "generator", settings.dagster.hang_s, platform_began):
        return verdict
    progress = state.generator.progress
    reached = progress.get("rate_reached")
    if reached is None:
        return Verdict("starting", "begun")
    if not reached and progress.get("waiting"):
        return Verdict("warning", "waits_for_kafka", {"records": progress["waiting"]}, "See the Kafka line.")
    rates = {"rate": reached, "wanted": wanted_rate(state.generator, settings.generator.rate)}
    if failed := progress.get("failed"):
        return Verdict("ok", "sends_refused", {**rates, "records": failed})
    return Verdict("ok", "sends", rates)


def wanted_rate(found: ServiceState | None, default: float) -> float:
    """Events per second that the generator should send."""
    if found is None:
        return default
    return found.rate or found.progress.get("rate_wanted") or default


def query(
    state: PlatformState, name: str, settings: Settings, platform_began: datetime | None = None
) -> Verdict:
    """A streaming query, by the job's heartbeat and the query's last batch."""
    found = state.queries[name]
    problem = _not_working(state, found, settings, platform_began)
    lag_s = found.event_time_lag_s
    if problem or found.batch_id is None or lag_s is None or lag_s > settings.checks.freshness_limit_s:
        return problem or _nothing_new(state, found, settings)
    if name == "events_clean" and (verdict := rejects(state.rejects, settings.checks.reject_share)):
        return verdict
    values: dict[str, Value] = {
        "batch": found.batch_id,
        "age_s": found.commit_age_s or 0.0,
        "records": found.lag_records or 0,
    }
    return Verdict("ok", "committed", values)


def behind(state: PlatformState, name: str, settings: Settings) -> Verdict:
    """Why a streaming query lags, or has written nothing new."""
    found = state.queries[name]
    return _not_working(state, found, settings) or _nothing_new(state, found, settings)


def rejects(found: RejectShare, limit: float) -> Verdict | None:
    """What to report about the share of rejected records; None if it is within the limit."""
    if not found.exceeds(limit):
        return None
    return Verdict(
        "warning",
        "many_rejects",
        {
            "found_share": found.share,
            "records": found.total,
            "minutes": WINDOW_MINUTES,
            "allowed_share": limit,
        },
        "Look at the reasons and inform the producer. Nothing is lost: rejected records are kept.",
    )


def is_starting(began_at: datetime | None, produced_at: datetime | None, at: datetime) -> bool:
    """Whether a process began so recently that it may have produced nothing since."""
    if began_at is None or (produced_at is not None and produced_at >= began_at):
        return False
    return (at - began_at).total_seconds() <= FIRST_OUTPUT_S


def expects_backlog(state: PlatformState) -> bool:
    """Whether the stream began so recently that it still reads what came while it was stopped."""
    began_at = state.stream.started_at
    return began_at is not None and (state.at - began_at).total_seconds() <= CATCH_UP_S


def pipeline(row: Mapping[str, Any]) -> PipelineState:
    """Why the numbers may not change; `row`: the columns of `api.queries.freshness.FRESH`."""
    at = row["as_of"]
    if row["stream_desired"] == "stopped":
        return "stopped"
    if is_starting(row["stream_began_at"], row["newest_commit"], at):
        return "starting"
    if row["generator_desired"] == "stopped":
        return "source_stopped"
    if is_starting(row["generator_began_at"], row["newest_event_time"], at):
        return "starting"
    return "running"


def _not_working(
    state: PlatformState, found: QueryState, settings: Settings, platform_began: datetime | None = None
) -> Verdict | None:
    if verdict := service(state, "spark_stream", settings.dagster.hang_s, platform_began):
        return verdict
    if found.has_ended:
        return Verdict("error", "query_ended", advice="If this persists, see logs/spark_stream.log.")
    return None


def _nothing_new(state: PlatformState, found: QueryState, settings: Settings) -> Verdict:
    """The job is alive, and what the query has written is old."""
    source = state.services.get("generator")
    starting = is_starting(state.stream.began_at, found.committed_at, state.at)
    if found.batch_id is None:
        if starting or source is None or source.wanted:
            advice = None if starting else "See logs/spark_stream.log, and whether events are sent."
            return Verdict("starting" if starting else "warning", "no_batch", advice=advice)
    elif starting:
        return Verdict("starting", "first_batch")
    elif found.lag_records:
        return _backlog(found, found.lag_records, settings.checks.checkpoint_stall_s)
    return _all_read(state, source, found)


def _backlog(found: QueryState, records: int, stall_s: float) -> Verdict:
    age_s, left_s = found.commit_age_s or 0.0, found.catch_up_s
    if age_s > stall_s:
        advice = "See logs/spark_stream.log and the checks of this query, then restart the stream."
        return Verdict("error", "stands_still", {"records": records, "age_s": age_s}, advice)
    if left_s is None:
        return Verdict("warning", "catching_up", {"records": records})
    return Verdict("warning", "catching_up_for", {"records": records, "left_s": left_s})


def _all_read(state: PlatformState, source: ServiceState | None, found: QueryState) -> Verdict:
    """Nothing waits to be read: it depends on who sends."""
    if source is not None and not source.wanted:
        return Verdict("ok", "read_stopped")
    if source is not None and source.failing is not None:
        what = {"what": TITLES[source.name], "reason": source.failing}
        return Verdict("warning", "failing", what, f"See logs/{source.name}.log.")
    if source is not None and is_starting(source.began_at, found.max_event_time, state.at):
        return Verdict("starting", "read_starting")
    advice = "Look at the generator, or at the other producers."
    if found.event_time_lag_s is None:
        return Verdict("warning", "read_no_event", advice=advice)
    return Verdict("warning", "read_nothing_new", {"lag_s": found.event_time_lag_s}, advice)
