"""Records of the topic that a query has not committed."""

from control.observation import Observation
from control.words import count
from core.settings import Settings
from orchestration.defs.quality.explained import explain
from orchestration.defs.quality.verdict import Verdict, passed, unknown

DESCRIPTION = (
    "No query is more than ORDERPULSE_CHECKS__CONSUMER_LAG_RECORDS behind the topic's end. If it fails: is the stream "
    "running and committing (checkpoint_health)? If it is, more arrives than it can read: lower the rate, raise "
    "ORDERPULSE_STREAM__MAX_OFFSETS_PER_TRIGGER, or give it more cores (docs/performance.md)."
)


def evaluate(observation: Observation, settings: Settings) -> Verdict:
    """Judge the query that is furthest behind."""
    limit_records = settings.checks.consumer_lag_records
    known = {name: q.lag_records for name, q in observation.queries.items() if q.lag_records is not None}
    metadata: dict[str, int | float | str] = {"limit, records": limit_records}
    metadata |= {f"{name}, records": lag for name, lag in known.items()}
    if not known:
        return unknown("Not known: neither the broker nor the stream says how many records wait.", metadata)
    name = max(known, key=lambda each: known[each])
    if known[name] <= limit_records:
        return passed(f"At most {count(known[name])} behind.", metadata)
    found = f"{name} is {count(known[name])} behind; {limit_records:,} are allowed. "
    return explain(observation, name, settings, metadata, found)
