"""Freshness is event-time lag (invariant I5): how old the newest event of a table is."""

from orchestration.defs.quality import standing
from orchestration.defs.quality.verdict import WARN, Verdict, ago, count, failed, passed, warned
from orchestration.observation import Observation

__all__ = ["DESCRIPTION", "evaluate"]

DESCRIPTION = (
    "The newest event is no older than ORDERPULSE_CHECKS__FRESHNESS_LIMIT_S. If it fails: are generator and stream "
    "running (their runs, job start_...)? Do records wait (consumer_lag)? Does the checkpoint move (checkpoint_health)? "
    "Passes with a warning while somebody has stopped the generator or the stream on purpose."
)


def evaluate(observation: Observation, name: str, limit_s: float) -> Verdict:
    """Judge the query `name`."""
    query, stream = observation.queries[name], observation.stream
    lag_s = query.event_time_lag_s
    metadata: dict[str, int | float | str] = {"limit, s": limit_s}
    if lag_s is not None:
        metadata["lag, seconds of event time"] = round(lag_s, 1)
    if query.lag_records is not None:
        metadata["lag, records"] = query.lag_records
    if lag_s is not None and lag_s <= limit_s:
        return passed(f"The newest event is {ago(lag_s)} old.", metadata)
    if said := standing.stopped_on_purpose(stream):
        return passed(said, metadata, severity=WARN)
    if said := standing.gave_up(stream):
        return failed(said, metadata)
    if said := standing.catching_up(query):
        return (warned if standing.gives_time(observation) else failed)(said, metadata)
    if said := standing.starting(observation, stream, limit_s):
        return warned(said, metadata)
    if query.lag_records:
        return failed(_stands_still(observation, name), metadata)
    return _without_backlog(observation, lag_s, limit_s, metadata)


def _stands_still(observation: Observation, name: str) -> str:
    query = observation.queries[name]
    return (
        f"{count(query.lag_records or 0)} to read, and the last batch was committed {ago(query.commit_age_s)} ago "
        f"(last heartbeat: {ago(observation.stream.heartbeat_age_s)} ago). See logs/spark_stream.log and the check "
        "checkpoint_health; run the job restart_spark_stream."
    )


def _without_backlog(
    observation: Observation, lag_s: float | None, limit_s: float, metadata: dict[str, int | float | str]
) -> Verdict:
    """All that was sent has been read, as far as is known."""
    generator = observation.generator
    if said := standing.stopped_on_purpose(generator):
        return passed(said, metadata, severity=WARN)
    if said := standing.gave_up(generator):
        return failed(said, metadata)
    if said := standing.starting(observation, generator, limit_s):
        return warned(said, metadata)
    newest = "There is no event yet" if lag_s is None else f"The newest event is {ago(lag_s)} old"
    return failed(
        f"{newest}, and no record waits to be read: nothing is sent. Look at the generator (its run, "
        "logs/generator.log; job restart_generator) or at whoever else sends events.",
        metadata,
    )
