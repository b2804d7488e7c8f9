"""The generator and the two streaming queries: what is wanted of them, and what they say of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.health.words import ago, count, number, since
from api.models import Freshness
from api.models.health import Action, ComponentState
from api.queries.health import Facts, Service
from core.settings import Settings

__all__ = [
    "START_S",
    "Moment",
    "Said",
    "about_generator",
    "about_query",
    "actions_of",
    "gave_up",
    "progress_of",
    "wanted_rate",
]

GAVE_UP = "gave up"
"""How the reason begins where the platform, and not a person, stopped a service."""

QUIET_S = 5.0
"""Heartbeats come every second; this long without one is worth a word."""

START_S = 60.0
"""How long a start may take until the first sign of life."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The present, by the database's clock, and when the API began: the platform may begin with it."""

    now: datetime
    began: datetime

    @property
    def since_began_s(self) -> float:
        """How long the API has been up."""
        return (self.now - self.began).total_seconds()


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a component."""

    state: ComponentState
    summary: str
    advice: str | None = None


def about_generator(service: Service | None, moment: Moment, settings: Settings) -> Said:
    """The generator, by its heartbeat."""
    if said := _not_going(service, moment, settings, "generator"):
        return said
    assert service is not None, "it is going"
    progress = service.progress or {}
    reached, wanted = progress.get("rate_reached"), wanted_rate(service, settings)
    if reached is None:
        return Said("starting", "Has begun to send.")
    sentence = f"Sends {number(reached)} events/s of {number(wanted)} wanted."
    if failed := progress.get("failed"):
        sentence += f" Kafka refused {count(failed, 'record')} since it started."
    if not reached and progress.get("waiting"):
        waiting = count(progress["waiting"], "record")
        return Said("warning", f"{waiting} wait for Kafka to take them.", "See the line of Kafka.")
    return Said("ok", sentence)


def wanted_rate(service: Service | None, settings: Settings) -> float:
    """Events per second that the generator is to send."""
    if service is None:
        return settings.generator.rate
    said = (service.progress or {}).get("rate_wanted")
    return service.rate or said or settings.generator.rate


def about_query(name: str, facts: Facts, moment: Moment, settings: Settings) -> Said:
    """A streaming query, by the job's heartbeat and the query's last batch."""
    stream, newest = facts.services.get("spark_stream"), facts.newest.get(name)
    if said := _not_going(stream, moment, settings, "stream"):
        return said
    assert stream is not None, "it is going"
    progress = progress_of(stream, name)
    if progress.get("active") is False:
        return Said(
            "error",
            "The query has ended; the job is about to start again.",
            "If it stays so, see logs/spark_stream.log.",
        )
    if newest is None:
        return Said("starting", "No batch has been committed yet.")
    age_s, behind = (moment.now - newest.committed_at).total_seconds(), progress.get("lag_records") or 0
    fresh = facts.freshness_of(name)
    if not fresh.stale:
        committed = f"Batch {newest.batch_id:,} was committed {ago(age_s)} ago"
        return Said("ok", f"{committed}; {count(behind, 'record')} behind the topic.")
    if behind:
        return _behind(behind, age_s, progress.get("processed_rate"), settings)
    return _idle(facts, fresh)


def _behind(records: int, age_s: float, rate: float | None, settings: Settings) -> Said:
    """Records wait, and what is there is old."""
    if age_s <= settings.checks.checkpoint_stall_s:
        left = f", about {ago(records / rate)} left" if rate else ""
        return Said("warning", f"Catching up: {count(records, 'record')} to read{left}.")
    return Said(
        "error",
        f"Stands still: {count(records, 'record')} wait, and the last batch was committed {ago(age_s)} ago.",
        "See logs/spark_stream.log and the checks of this query, then restart the stream.",
    )


def _idle(facts: Facts, fresh: Freshness) -> Said:
    """Nothing waits, and what is there is old."""
    generator = facts.services.get("generator")
    if generator is not None and generator.desired == "stopped" and not gave_up(generator):
        return Said("ok", "All records are read; the generator is stopped, so it sends nothing new.")
    lag_s = fresh.event_time_lag_s
    newest = "there is no event yet" if lag_s is None else f"the newest event is {ago(lag_s)} old"
    return Said(
        "warning",
        f"All records are read, but nothing new comes: {newest}.",
        "Look at the generator, or at whoever else sends events.",
    )


def actions_of(service: Service | None, *, rate: bool = False) -> list[Action]:
    """What can be asked of a process now. `rate`: whether it has one."""
    going: list[Action] = ["stop", "restart"]
    actions = going if service is not None and service.desired == "running" else ["start"]
    return [*actions, "set_rate"] if rate else list(actions)


def gave_up(service: Service) -> bool:
    """Whether the platform, and not a person, stopped it."""
    return service.desired == "stopped" and (service.reason or "").startswith(GAVE_UP)


def _not_going(service: Service | None, moment: Moment, settings: Settings, what: str) -> Said | None:
    """What to say of a process that is stopped, starts, or is silent; None where it goes."""
    if service is None:
        return Said("unknown", f"The database knows no {what}.", "Run `orderpulse up`.")
    if service.desired == "stopped":
        return _stopped(service, what)
    age_s = None if service.beat_at is None else (moment.now - service.beat_at).total_seconds()
    if age_s is not None and age_s <= QUIET_S:
        return None
    begun_s = (moment.now - max(service.changed_at, moment.began)).total_seconds()
    if begun_s <= START_S:
        return Said("starting", f"The {what} has said nothing yet; it is wanted for {ago(begun_s)}.")
    if age_s is None:
        return Said(
            "error", f"The {what} has never said anything.", f"Start it; see logs/{service.name}.log."
        )
    sentence = f"The {what} has said nothing for {ago(age_s)}."
    if age_s <= settings.dagster.hang_s:
        return Said("warning", sentence)
    return Said(
        "error", sentence, f"It is started again by itself; if it stays so, see logs/{service.name}.log."
    )


def _stopped(service: Service, what: str) -> Said:
    moment = since(service.changed_at)
    if gave_up(service):
        return Said(
            "error",
            f"The {what} was given up, {moment}: {service.reason}.",
            f"Mend the cause (its log is logs/{service.name}.log), then start it.",
        )
    return Said(
        "stopped",
        f"Stopped on purpose, {moment}: {service.reason or 'nobody said why'}.",
        "Start it to go on.",
    )


def progress_of(stream: Service | None, query: str) -> Mapping[str, Any]:
    """What the job last said of a query."""
    found = ((stream.progress if stream else None) or {}).get("queries", {}).get(query, {})
    return found if isinstance(found, dict) else {}
