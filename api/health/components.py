"""All components, in the order of the data's way through them, each with what helps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from api.dagster import Dagster, DagsterStatus
from api.database import Database
from api.health.links import Links
from api.health.servers import (
    about_api,
    about_dagster,
    about_dbt,
    about_kafka,
    about_postgres,
    seen_kafka_at,
)
from api.models import Component, Incident
from api.models.health import Action, Sentence
from api.queries.health import VIEWS, Facts
from control import judge
from control.judge import Verdict
from control.state import QUERIES, ServiceState
from core.clock import utc_now
from core.settings import Settings

ASSETS = {
    "events_raw": "kafka",
    "events_rejected": "events_clean",
    "events_clean": "events_clean",
    "kpi_1m": "kpi_1m",
}
"""Which component an incident of an asset's check belongs to."""

VERBS = ("start", "stop", "restart")
NOT_KNOWN = Verdict("unknown", "not_known")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the report comes from. `began`: when the API began. Without `dagster` nothing is reported about it."""

    settings: Settings
    database: Database
    began: datetime
    dagster: Dagster | None = None


def components_of(source: Source, facts: Facts | None, status: DagsterStatus | None) -> list[Component]:
    """Every component; `facts` is None if the database did not answer."""
    now, links = facts.fresh.as_of if facts else utc_now(), Links(source.settings)
    up_s = (now - source.began).total_seconds()
    waiting = source.database.stats().get("requests_waiting", 0) if facts else 0
    return [
        *_processes(source, facts, links),
        Component(
            name="postgres",
            title="PostgreSQL",
            heartbeat_at=facts.fresh.as_of if facts else None,
            **_as_fields(about_postgres(facts, reads_replica=source.settings.api.replica_host is not None)),
        ),
        Component(
            name="dbt",
            title="dbt views",
            heartbeat_at=None,
            links=[*links.jobs(["dbt_build", "dbt_test"]), links.docs(), *map(links.model, VIEWS)],
            **_as_fields(about_dbt(facts) if facts else NOT_KNOWN),
        ),
        Component(
            name="dagster",
            title="Dagster",
            heartbeat_at=_attached_at(facts.state.services.values() if facts else ()),
            links=[links.dagster(), links.lineage(), links.automation()],
            **_as_fields(about_dagster(status, up_s)),
        ),
        Component(
            name="api",
            title="API",
            heartbeat_at=now,
            **_as_fields(about_api(version("orderpulse"), up_s, waiting)),
        ),
    ]


def _processes(source: Source, facts: Facts | None, links: Links) -> list[Component]:
    """The generator, Kafka, and the two queries, which are one process."""
    settings, state = source.settings, facts.state if facts else None
    services = state.services if state else {}
    generator, stream = services.get("generator"), services.get("spark_stream")
    jobs = {name: links.jobs(f"{verb}_{name}" for verb in VERBS) for name in ("generator", "spark_stream")}
    components = [
        Component(
            name="generator",
            title="Generator",
            heartbeat_at=generator.beat_at if generator else None,
            rate=judge.wanted_rate(generator, settings.generator.rate),
            actions=_actions(generator, "set_rate") if generator else [],
            links=[*jobs["generator"], *links.jobs(["set_generator_rate"])],
            **_as_fields(judge.generator(state, settings, source.began) if state else NOT_KNOWN),
        ),
        Component(
            name="kafka",
            title="Kafka",
            heartbeat_at=seen_kafka_at(state) if state else None,
            links=[links.asset("events_raw"), links.checks("events_raw")],
            **_as_fields(_with_incidents("kafka", about_kafka(state) if state else NOT_KNOWN, facts)),
        ),
    ]
    for name in QUERIES:
        verdict = judge.query(state, name, settings, source.began) if state else NOT_KNOWN
        components.append(
            Component(
                name=name,
                title=f"Spark query {name}",
                heartbeat_at=stream.beat_at if stream else None,
                actions=_actions(stream) if stream else [],
                links=[links.asset(name), links.checks(name), *jobs["spark_stream"]],
                **_as_fields(_with_incidents(name, verdict, facts)),
            )
        )
    return components


def _actions(service: ServiceState, *more: Action) -> list[Action]:
    """What can be asked of a process now."""
    actions: list[Action] = ["stop", "restart"] if service.wanted else ["start"]
    return [*actions, *more]


def _with_incidents(name: str, verdict: Verdict, facts: Facts | None) -> Verdict:
    """A component is not healthy while a check of its asset has failed."""
    mine = [each for each in (facts.incidents if facts else ()) if _component_of(each) == name]
    if verdict.state != "ok" or not mine:
        return verdict
    return Verdict("warning", "check_failed", {"names": "; ".join(each.title for each in mine)}, mine[0].text)


def _component_of(incident: Incident) -> str | None:
    kind, _, name = incident.incident.partition(":")
    return ASSETS.get(name.partition("/")[0]) if kind == "check" else None


def _attached_at(services: Iterable[ServiceState]) -> datetime | None:
    """When a run of Dagster last reported that it watches a process."""
    return max((each.attached_at for each in services if each.attached_at), default=None)


def _as_fields(verdict: Verdict) -> dict[str, Any]:
    return {
        "state": verdict.state,
        "summary": verdict.summary,
        "sentence": Sentence(code=verdict.code, values=dict(verdict.values)),
        "advice": verdict.advice,
    }
