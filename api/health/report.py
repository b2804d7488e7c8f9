"""The whole report, and its short form for the live stream."""

import asyncio
from datetime import datetime
from typing import Literal

from api.health.checkpoints import CheckpointSize, measure
from api.health.components import Source, components_of
from api.health.processes import progress_of
from api.models import Component, Freshness, Health, HealthSummary, QueryHealth
from api.models.live import ComponentSummary
from api.queries.health import QUERIES, Facts, read_batches, read_facts, read_rejects
from core.clock import utc_now
from core.errors import DatabaseError

__all__ = ["read_health", "read_summary"]

ESSENTIAL = frozenset({"kafka", "events_clean", "kpi_1m", "postgres"})
"""Without one of these no new number comes."""


async def read_health(source: Source) -> Health:
    """How the platform is. Does not raise where the database is away: that is what it then says."""
    limit_s = source.settings.checks.freshness_limit_s
    try:
        async with source.database.connection() as connection:
            facts = await read_facts(connection, limit_s)
            batches = await read_batches(connection)
            rejected, accepted = await read_rejects(connection)
    except DatabaseError:
        facts, batches, rejected, accepted = None, [], [], 0
    standing = await source.dagster.standing() if source.dagster else None
    components = components_of(source, facts, standing)
    folders = {name: source.settings.checkpoint_dir / name for name in QUERIES}
    sizes = {name: await asyncio.to_thread(measure, folder) for name, folder in folders.items()}
    return Health(
        **dict(_freshness(facts)),
        status=_status(components),
        components=components,
        queries=[] if facts is None else [_query(name, facts, sizes[name]) for name in QUERIES],
        batches=batches,
        rejected=rejected,
        accepted=accepted,
        checks=standing.checks if standing else None,
        incidents=[] if facts is None else facts.incidents,
    )


async def read_summary(source: Source) -> HealthSummary:
    """The same in short. Does not raise where the database is away."""
    try:
        async with source.database.connection() as connection:
            facts = await read_facts(connection, source.settings.checks.freshness_limit_s)
    except DatabaseError:
        facts = None
    standing = await source.dagster.standing() if source.dagster else None
    components = components_of(source, facts, standing)
    return HealthSummary(
        **dict(_freshness(facts)),
        status=_status(components),
        components=[
            ComponentSummary(name=each.name, state=each.state, summary=each.summary) for each in components
        ],
    )


def _status(components: list[Component]) -> Literal["ok", "degraded", "down"]:
    if any(each.state == "error" and each.name in ESSENTIAL for each in components):
        return "down"
    well = {"ok", "stopped", "unknown"}
    return "ok" if all(each.state in well for each in components) else "degraded"


def _freshness(facts: Facts | None) -> Freshness:
    if facts is not None:
        return facts.fresh_kpis
    return Freshness(as_of=utc_now(), newest_event_time=None, event_time_lag_s=None, stale=True)


def _query(
    name: Literal["events_clean", "kpi_1m"], facts: Facts, checkpoint: CheckpointSize | None
) -> QueryHealth:
    fresh = facts.freshness_of(name)
    newest, said = facts.newest.get(name), progress_of(facts.services.get("spark_stream"), name)
    return QueryHealth(
        name=name,
        batch_id=newest.batch_id if newest else None,
        committed_at=newest.committed_at if newest else None,
        event_time_lag_s=fresh.event_time_lag_s,
        lag_records=said.get("lag_records"),
        input_rate=said.get("input_rate"),
        processed_rate=said.get("processed_rate"),
        batch_ms=said.get("batch_ms"),
        checkpoint_bytes=checkpoint.size_bytes if checkpoint else None,
        checkpoint_age_s=_age_s(checkpoint, fresh.as_of),
    )


def _age_s(checkpoint: CheckpointSize | None, now: datetime) -> float | None:
    if checkpoint is None or checkpoint.written_at is None:
        return None
    return max(0.0, now.timestamp() - checkpoint.written_at)
