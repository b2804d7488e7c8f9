"""Freshness is event-time lag (invariant I5): how old the newest event of a table is."""

from control.observation import Observation
from control.words import ago
from core.settings import Settings
from orchestration.defs.quality.explained import explain
from orchestration.defs.quality.verdict import Verdict, passed

DESCRIPTION = (
    "The newest event is no older than ORDERPULSE_CHECKS__FRESHNESS_LIMIT_S. If it fails: are generator and stream "
    "running (their runs, job start_...)? Do records wait (consumer_lag)? Does the checkpoint move (checkpoint_health)? "
    "Passes with a warning while somebody has stopped the generator or the stream on purpose."
)


def evaluate(observation: Observation, name: str, settings: Settings) -> Verdict:
    """Judge the query `name`."""
    query, limit_s = observation.queries[name], settings.checks.freshness_limit_s
    lag_s = query.event_time_lag_s
    metadata: dict[str, int | float | str] = {"limit, s": limit_s}
    if lag_s is not None:
        metadata["lag, seconds of event time"] = round(lag_s, 1)
    if query.lag_records is not None:
        metadata["lag, records"] = query.lag_records
    if lag_s is not None and lag_s <= limit_s:
        return passed(f"The newest event is {ago(lag_s)} old.", metadata)
    return explain(observation, name, settings, metadata)
