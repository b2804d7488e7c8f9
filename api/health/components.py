"""All components, in the order of the data's way through them, each with what helps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from api.database import Database
from api.health.links import Links
from api.health.processes import (
    Moment,
    Said,
    about_generator,
    about_query,
    actions_of,
    wanted_rate,
)
from api.health.servers import (
    about_api,
    about_dagster,
    about_dbt,
    about_kafka,
    about_postgres,
    seen_kafka_at,
)
from api.health.standing import Standing, StandingReader
from api.models import Component, Incident
from api.queries.health import QUERIES, VIEWS, Facts, Service
from core.clock import utc_now
from core.settings import Settings

__all__ = ["Source", "components_of"]

ASSETS = {
    "events_raw": "kafka",
    "events_rejected": "events_clean",
    "events_clean": "events_clean",
    "kpi_1m": "kpi_1m",
}
"""Which component an incident of an asset's check belongs to."""

VERBS = ("start", "stop", "restart")
NOT_KNOWN = Said("unknown", "Not known while the database does not answer.")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the report comes from. `began`: when the API began. Without `dagster` nothing is said of it."""

    settings: Settings
    database: Database
    began: datetime
    dagster: StandingReader | None = None


def components_of(source: Source, facts: Facts | None, standing: Standing | None) -> list[Component]:
    """Every component; `facts` is None where the database did not answer."""
    now = facts.fresh.as_of if facts else utc_now()
    moment, links = Moment(now, source.began), Links(source.settings)
    waiting = source.database.stats().get("requests_waiting", 0) if facts else 0
    return [
        *_processes(source.settings, facts, moment, links),
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
            heartbeat_at=_attached_at(facts.services.values() if facts else ()),
            links=[links.dagster(), links.lineage(), links.automation()],
            **_as_fields(about_dagster(standing, moment)),
        ),
        Component(
            name="api",
            title="API",
            heartbeat_at=now,
            **_as_fields(about_api(version("orderpulse"), moment, waiting)),
        ),
    ]


def _processes(settings: Settings, facts: Facts | None, moment: Moment, links: Links) -> list[Component]:
    """The generator, Kafka, and the two queries, which are one process."""
    services = facts.services if facts else {}
    generator, stream = services.get("generator"), services.get("spark_stream")
    jobs = {name: links.jobs(f"{verb}_{name}" for verb in VERBS) for name in ("generator", "spark_stream")}
    components = [
        Component(
            name="generator",
            title="Generator",
            heartbeat_at=generator.beat_at if generator else None,
            rate=wanted_rate(generator, settings),
            actions=actions_of(generator, rate=True) if generator else [],
            links=[*jobs["generator"], *links.jobs(["set_generator_rate"])],
            **_as_fields(about_generator(generator, moment, settings) if facts else NOT_KNOWN),
        ),
        Component(
            name="kafka",
            title="Kafka",
            heartbeat_at=seen_kafka_at(facts) if facts else None,
            links=[links.asset("events_raw"), links.checks("events_raw")],
            **_as_fields(_with_incidents("kafka", about_kafka(facts, moment) if facts else NOT_KNOWN, facts)),
        ),
    ]
    for name in QUERIES:
        said = about_query(name, facts, moment, settings) if facts else NOT_KNOWN
        components.append(
            Component(
                name=name,
                title=f"Spark query {name}",
                heartbeat_at=stream.beat_at if stream else None,
                actions=actions_of(stream) if stream else [],
                links=[links.asset(name), links.checks(name), *jobs["spark_stream"]],
                **_as_fields(_with_incidents(name, said, facts)),
            )
        )
    return components


def _with_incidents(name: str, said: Said, facts: Facts | None) -> Said:
    """What is well in itself is not while a check of its asset has failed."""
    mine = [each for each in (facts.incidents if facts else ()) if _component_of(each) == name]
    if said.state != "ok" or not mine:
        return said
    return Said("warning", f"{'; '.join(each.title for each in mine)}.", mine[0].text)


def _component_of(incident: Incident) -> str | None:
    kind, _, name = incident.incident.partition(":")
    return ASSETS.get(name.partition("/")[0]) if kind == "check" else None


def _attached_at(services: Iterable[Service]) -> datetime | None:
    """When a run of Dagster last said that it watches a process."""
    return max((each.attached_at for each in services if each.attached_at), default=None)


def _as_fields(said: Said) -> dict[str, Any]:
    return {"state": said.state, "summary": said.summary, "advice": said.advice}
