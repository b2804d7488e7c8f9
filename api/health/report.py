"""The whole report, and its short form for the live stream."""

import asyncio
from datetime import datetime
from typing import Literal

from api.health.components import Source, components_of
from api.models import Component, Freshness, Health, HealthSummary, LateRecords, QueryHealth
from api.models.live import ComponentSummary
from api.queries.health import Facts, read_batches, read_facts, read_late, read_rejects
from control.checkpoints import measure
from control.state import QUERIES, Query, age_s
from core.clock import utc_now
from core.errors import DatabaseError

ESSENTIAL = frozenset({"kafka", "events_clean", "kpi_1m", "postgres"})
"""Without one of these no new number comes."""


async def read_health(source: Source) -> Health:
    """How the platform is. Does not raise if the database is away: that is what it then reports."""
    limit_s = source.settings.checks.freshness_limit_s
    try:
        async with source.database.connection() as connection:
            facts = await read_facts(connection, limit_s)
            batches = await read_batches(connection)
            rejected = await read_rejects(connection, facts.state.at)
            waiting, admitted = await read_late(connection, facts.state.at)
    except DatabaseError:
        facts, batches, rejected, waiting, admitted = None, [], [], 0, 0
    status = await source.dagster.status() if source.dagster else None
    components = components_of(source, facts, status)
    folders = {name: source.settings.checkpoint_dir / name for name in QUERIES}
    sizes = {name: await asyncio.to_thread(measure, folder) for name, folder in folders.items()}
    return Health(
        **dict(_freshness(facts)),
        status=_status(components),
        components=components,
        queries=[] if facts is None else [_query(name, facts, sizes[name]) for name in QUERIES],
        batches=batches,
        rejected=rejected,
        accepted=facts.state.rejects.accepted if facts else 0,
        rejects_too_many=_rejects_too_many(source, facts),
        late=LateRecords(waiting=waiting, admitted=admitted, hourly=source.settings.shop.admit_late),
        checks=status.checks if status else None,
        incidents=[] if facts is None else facts.incidents,
    )


async def read_summary(source: Source) -> HealthSummary:
    """The same in short. Does not raise if the database is away."""
    try:
        async with source.database.connection() as connection:
            facts = await read_facts(connection, source.settings.checks.freshness_limit_s)
    except DatabaseError:
        facts = None
    status = await source.dagster.status() if source.dagster else None
    components = components_of(source, facts, status)
    return HealthSummary(
        **dict(_freshness(facts)),
        status=_status(components),
        rejects_too_many=_rejects_too_many(source, facts),
        components=[
            ComponentSummary(name=each.name, state=each.state, summary=each.summary, sentence=each.sentence)
            for each in components
        ],
    )


def _status(components: list[Component]) -> Literal["ok", "degraded", "down"]:
    if any(each.state == "error" and each.name in ESSENTIAL for each in components):
        return "down"
    well = {"ok", "stopped", "unknown"}
    return "ok" if all(each.state in well for each in components) else "degraded"


def _rejects_too_many(source: Source, facts: Facts | None) -> bool:
    return facts is not None and facts.state.rejects.exceeds(source.settings.checks.reject_share)


def _freshness(facts: Facts | None) -> Freshness:
    if facts is not None:
        return facts.fresh_kpis
    return Freshness(as_of=utc_now(), newest_event_time=None, event_time_lag_s=None, stale=True)


def _query(name: Query, facts: Facts, checkpoint: tuple[int, datetime | None]) -> QueryHealth:
    found, (size_bytes, written_at) = facts.state.queries[name], checkpoint
    return QueryHealth(
        name=name,
        batch_id=found.batch_id,
        committed_at=found.committed_at,
        event_time_lag_s=found.event_time_lag_s,
        lag_records=found.lag_records,
        input_rate=found.input_rate,
        processed_rate=found.processed_rate,
        batch_ms=found.batch_ms,
        checkpoint_bytes=size_bytes or None,
        checkpoint_age_s=age_s(written_at, facts.state.at),
    )
