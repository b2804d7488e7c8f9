"""Records of the topic that a query has not committed."""

from orchestration.defs.quality import standing
from orchestration.defs.quality.verdict import WARN, Verdict, count, failed, passed, unknown, warned
from orchestration.observation import Observation

__all__ = ["DESCRIPTION", "evaluate"]

DESCRIPTION = (
    "No query is more than ORDERPULSE_CHECKS__CONSUMER_LAG_RECORDS behind the topic's end. If it fails: is the stream "
    "running and committing (checkpoint_health)? If it is, more arrives than it can read: lower the rate, raise "
    "ORDERPULSE_STREAM__MAX_OFFSETS_PER_TRIGGER, or give it more cores (docs/performance.md)."
)


def evaluate(observation: Observation, limit_records: int) -> Verdict:
    """Judge the query that is furthest behind."""
    known = {name: q.lag_records for name, q in observation.queries.items() if q.lag_records is not None}
    metadata: dict[str, int | float | str] = {"limit, records": limit_records}
    metadata |= {f"{name}, records": lag for name, lag in known.items()}
    if not known:
        return unknown("Not known: neither the broker nor the stream says how many records wait.", metadata)
    name = max(known, key=lambda each: known[each])
    if known[name] <= limit_records:
        return passed(f"At most {count(known[name])} behind.", metadata)
    said = f"{name} is {count(known[name])} behind; {limit_records:,} are allowed. "
    if excuse := standing.stopped_on_purpose(observation.stream):
        return passed(said + excuse, metadata, severity=WARN)
    if reason := standing.gave_up(observation.stream):
        return failed(said + reason, metadata)
    if progress := standing.catching_up(observation.queries[name]):
        advice = " If it does not shrink, more arrives than the stream can read: docs/performance.md."
        return (warned if standing.gives_time(observation) else failed)(said + progress + advice, metadata)
    return failed(
        said + "No batch was committed lately: see the check checkpoint_health and logs/spark_stream.log.",
        metadata,
    )
