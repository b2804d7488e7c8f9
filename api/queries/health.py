"""What the platform says of itself: services, heartbeats, the ledger, incidents, the views."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, Literal

from api.database import Connection
from api.models import Freshness, Incident, RejectReasonCount
from api.models.health import BatchPoint
from api.queries.freshness import read_freshness
from core.tables import ALERT, EVENTS_REJECTED, HEARTBEAT, SERVICE, STREAM_BATCH

__all__ = [
    "QUERIES",
    "VIEWS",
    "Facts",
    "NewestBatch",
    "Service",
    "read_batches",
    "read_facts",
    "read_rejects",
]

QUERIES: tuple[Literal["events_clean", "kpi_1m"], ...] = ("events_clean", "kpi_1m")
VIEWS = tuple(f"v_kpi_{by}{span}" for by in ("", "by_currency_") for span in ("15m", "1h", "24h"))
"""What dbt builds."""

_SERVICES = f"""
    SELECT name, desired, reason, rate, updated_at AS changed_at, attached_at, started_at, beat_at, progress
    FROM {SERVICE.name} LEFT JOIN {HEARTBEAT.name} USING (name)
"""  # noqa: S608  # names from core.tables
_NEWEST_BATCHES = f"""
    SELECT query.name, newest.* FROM unnest(%(queries)s::text[]) AS query (name)
    CROSS JOIN LATERAL (
        SELECT batch_id, committed_at FROM {STREAM_BATCH.name}
        WHERE query_name = query.name ORDER BY committed_at DESC LIMIT 1
    ) AS newest
"""  # noqa: S608
_INCIDENTS = f"""
    SELECT incident, title, text, opened_at FROM {ALERT.name} WHERE closed_at IS NULL ORDER BY opened_at DESC
"""  # noqa: S608
_SERVER = """
    SELECT
        ARRAY(
            SELECT relname::text FROM pg_class
            WHERE relname = ANY(%(views)s) AND relkind = 'v' AND pg_table_is_visible(oid)
        ) AS views,
        CASE
            WHEN NOT pg_is_in_recovery() THEN NULL
            WHEN EXISTS (SELECT FROM pg_stat_wal_receiver)
                AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE greatest(extract(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float8
        END AS replica_lag_s
"""
"""A replica that has applied all that it hears is not behind, however long nothing was written."""

_REJECTS = f"""
    SELECT reason, count(*) AS records FROM {EVENTS_REJECTED.name}
    WHERE rejected_at > now() - interval '15 minutes' GROUP BY reason ORDER BY records DESC, reason
"""  # noqa: S608
_ACCEPTED = f"""
    SELECT coalesce(sum(records_written + records_duplicate), 0)::bigint AS accepted FROM {STREAM_BATCH.name}
    WHERE query_name = 'events_clean' AND committed_at > now() - interval '15 minutes'
"""  # noqa: S608
_BATCHES = f"""
    SELECT
        date_bin('10 seconds', committed_at, 'epoch') AS at,
        query_name AS query,
        count(*) AS batches,
        sum(records_read)::bigint AS records,
        round(avg(
            coalesce((durations_ms ->> 'collect')::float8, 0) + coalesce((durations_ms ->> 'write')::float8, 0)
        )::numeric, 1)::float8 AS batch_ms,
        greatest(extract(EPOCH FROM max(committed_at - max_event_time)), 0)::float8 AS lag_s
    FROM {STREAM_BATCH.name}
    WHERE committed_at > now() - interval '1 hour' AND query_name = ANY(%(queries)s)
    GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Service:
    """A process that people start and stop: what is wanted of it, and what it last said of itself."""

    name: str
    desired: str
    reason: str | None
    rate: float | None
    changed_at: datetime
    attached_at: datetime | None
    started_at: datetime | None
    beat_at: datetime | None
    progress: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class NewestBatch:
    """The batch that a query committed last."""

    name: str
    batch_id: int
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the components are judged by. `fresh` and `fresh_kpis`: what each query has counted.

    `replica_lag_s`: how far a replica is behind; None on the primary. `answer_ms`: how long the database took.
    """

    fresh: Freshness
    fresh_kpis: Freshness
    services: Mapping[str, Service]
    newest: Mapping[str, NewestBatch]
    incidents: list[Incident]
    views: frozenset[str]
    replica_lag_s: float | None
    answer_ms: float

    def freshness_of(self, query: str) -> Freshness:
        """How old what a streaming query wrote is."""
        return self.fresh_kpis if query == "kpi_1m" else self.fresh


async def read_facts(connection: Connection, limit_s: float) -> Facts:
    """The platform's state now: a few rows by their indexes."""
    asked = perf_counter()
    fresh = await read_freshness(connection, limit_s, "events_clean")
    answer_ms = (perf_counter() - asked) * 1000
    services = [Service(**row) async for row in await connection.execute(_SERVICES)]
    newest = [
        NewestBatch(**row)
        async for row in await connection.execute(_NEWEST_BATCHES, {"queries": list(QUERIES)})
    ]
    server = await (await connection.execute(_SERVER, {"views": list(VIEWS)})).fetchone()
    assert server is not None, "the statement has one row"
    return Facts(
        fresh=fresh,
        fresh_kpis=await read_freshness(connection, limit_s, "kpi_1m"),
        services={each.name: each for each in services},
        newest={each.name: each for each in newest},
        incidents=[Incident(**row) async for row in await connection.execute(_INCIDENTS)],
        views=frozenset(server["views"]),
        replica_lag_s=server["replica_lag_s"],
        answer_ms=answer_ms,
    )


async def read_batches(connection: Connection) -> list[BatchPoint]:
    """The batches of the last hour, in pieces of ten seconds, the oldest first."""
    cursor = await connection.execute(_BATCHES, {"queries": list(QUERIES)})
    return [BatchPoint(**row) async for row in cursor]


async def read_rejects(connection: Connection) -> tuple[list[RejectReasonCount], int]:
    """Rejected records of the last 15 minutes by reason, the most frequent first; and accepted ones."""
    rejected = [RejectReasonCount(**row) async for row in await connection.execute(_REJECTS)]
    row = await (await connection.execute(_ACCEPTED)).fetchone()
    return rejected, 0 if row is None else row["accepted"]
