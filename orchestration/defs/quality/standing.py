"""Why a query may stand still or lag: somebody stopped it, it begins, it catches up."""

from orchestration.defs.quality.verdict import ago, count, moment
from orchestration.observation import Observation, QueryState, ServiceState

__all__ = ["catching_up", "gave_up", "gives_time", "starting", "stopped_on_purpose"]

COMMITS_S = 30.0
"""A query whose last commit is younger works; its largest batches take a third of that."""

CATCH_UP_GRACE_S = 600.0
"""How long after its start a backlog of the stream is no incident."""

TITLES = {"generator": "generator", "spark_stream": "stream"}


def stopped_on_purpose(service: ServiceState) -> str | None:
    """A sentence where a person stopped the service; else None."""
    if not service.stopped_on_purpose:
        return None
    return (
        f"Stopped on purpose: the {TITLES[service.name]}, {service.reason or 'nobody said why'}, "
        f"since {moment(service.changed_at)}. To go on run the job start_{service.name}."
    )


def gave_up(service: ServiceState) -> str | None:
    """A sentence where the platform gave the service up; else None."""
    if not service.gave_up:
        return None
    return (
        f"The {TITLES[service.name]} was given up at {moment(service.changed_at)}: {service.reason}. "
        f"Mend the cause (its log is logs/{service.name}.log), then run the job start_{service.name}."
    )


def starting(observation: Observation, service: ServiceState, grace_s: float) -> str | None:
    """A sentence in the first `grace_s` seconds after the service was started or its wish changed; else None."""
    beginnings = (service.changed_at, service.started_at)
    ages_s = [(observation.at - begun).total_seconds() for begun in beginnings if begun]
    if not service.wanted or min(ages_s) > grace_s:
        return None
    return f"The {TITLES[service.name]} is starting (for {ago(max(0.0, min(ages_s)))}; {ago(grace_s)} are allowed)."


def catching_up(query: QueryState) -> str | None:
    """A sentence where the query works on a backlog; else None."""
    if not query.lag_records or query.commit_age_s is None or query.commit_age_s > COMMITS_S:
        return None
    left = "" if query.catch_up_s is None else f", about {ago(query.catch_up_s)} left"
    return f"Catching up: {count(query.lag_records)}{left}."


def gives_time(observation: Observation) -> bool:
    """Whether the stream began so lately that a backlog is to be expected."""
    started_at = observation.stream.started_at
    return started_at is not None and (observation.at - started_at).total_seconds() <= CATCH_UP_GRACE_S
