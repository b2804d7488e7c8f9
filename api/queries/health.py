"""What the platform reports: its state (`control.state`), incidents, the views."""

from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from api.database import Connection
from api.models import Freshness, Incident, RejectReasonCount
from api.models.health import BatchPoint
from api.queries.freshness import read_freshness
from control.incidents import OPEN_INCIDENTS_SQL
from control.state import (
    NOW,
    QUERIES,
    QUERIES_SQL,
    REASONS_SQL,
    SERVICES_SQL,
    SHARE_SQL,
    PlatformState,
    platform_state,
)
from core.kpis import SPANS
from core.tables import EVENTS_REJECTED, STREAM_BATCH

VIEWS = tuple(f"v_kpi_{by}{span}" for by in ("", "by_currency_") for span in SPANS)
"""The views that dbt builds."""

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
"""A replica that has applied all received WAL is not behind, however long nothing was written."""

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
"""  # noqa: S608  # names from core.tables


_LATE = f"""
    SELECT count(*) - count(replayed_at) AS waiting, count(replayed_at) AS admitted FROM {EVENTS_REJECTED.name}
    WHERE reason = 'late' AND kafka_time > %(at)s::timestamptz - interval '24 hours'
"""  # noqa: S608  # names from core.tables


@dataclass(frozen=True, slots=True)
class Facts:
    """The input for the components' states. `fresh` and `fresh_kpis`: freshness of each query.

    `replica_lag_s`: lag of a replica; None on the primary. `answer_ms`: response time of the database.
    """

    state: PlatformState
    fresh: Freshness
    fresh_kpis: Freshness
    incidents: list[Incident]
    views: frozenset[str]
    replica_lag_s: float | None
    answer_ms: float

    def freshness_of(self, query: str) -> Freshness:
        """Freshness of what a streaming query wrote."""
        return self.fresh_kpis if query == "kpi_1m" else self.fresh


async def read_facts(connection: Connection, limit_s: float) -> Facts:
    """The platform's current state: a few rows by their indexes."""
    asked = perf_counter()
    fresh = await read_freshness(connection, limit_s, "events_clean")
    answer_ms = (perf_counter() - asked) * 1000
    server = await (await connection.execute(_SERVER, {"views": list(VIEWS)})).fetchone()
    assert server is not None, "the statement has one row"
    return Facts(
        state=await read_state(connection),
        fresh=fresh,
        fresh_kpis=await read_freshness(connection, limit_s, "kpi_1m"),
        incidents=[Incident(**row) async for row in await connection.execute(OPEN_INCIDENTS_SQL)],
        views=frozenset(server["views"]),
        replica_lag_s=server["replica_lag_s"],
        answer_ms=answer_ms,
    )


async def read_state(connection: Connection) -> PlatformState:
    """Services and queries, by the database's clock."""
    now = await (await connection.execute(NOW)).fetchone()
    assert now is not None, "the statement has one row"
    share = await (await connection.execute(SHARE_SQL, now)).fetchone()
    assert share is not None, "an aggregate has one row"
    return platform_state(
        now["at"],
        await (await connection.execute(SERVICES_SQL)).fetchall(),
        await (await connection.execute(QUERIES_SQL)).fetchall(),
        share,
    )


async def read_batches(connection: Connection) -> list[BatchPoint]:
    """The batches of the last hour, in intervals of ten seconds, oldest first."""
    cursor = await connection.execute(_BATCHES, {"queries": list(QUERIES)})
    return [BatchPoint(**row) async for row in cursor]


async def read_late(connection: Connection, at: datetime) -> tuple[int, int]:
    """Late records of the 24 hours before `at`: those that wait, and those that were admitted."""
    row = await (await connection.execute(_LATE, {"at": at})).fetchone()
    assert row is not None, "an aggregate has one row"
    return row["waiting"], row["admitted"]


async def read_rejects(connection: Connection, at: datetime) -> list[RejectReasonCount]:
    """Rejected records of the 15 minutes before `at` by reason, the most frequent first."""
    return [RejectReasonCount(**row) async for row in await connection.execute(REASONS_SQL, {"at": at})]
