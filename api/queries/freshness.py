"""Age of the numbers: the database's clock minus the newest counted event (contract, I5)."""

from collections.abc import Mapping
from typing import Any

from api.database import Connection
from api.models import Freshness
from control.judge import pipeline
from control.state import QUERIES, Query

FRESH = """
    SELECT
        statement_timestamp() AS as_of,
        (
            SELECT max_event_time FROM ops.stream_batch
            WHERE query_name = %(counted_by)s AND max_event_time IS NOT NULL
            ORDER BY max_event_time DESC LIMIT 1
        ) AS newest_event_time,
        (
            SELECT committed_at FROM ops.stream_batch
            WHERE query_name = %(counted_by)s ORDER BY committed_at DESC LIMIT 1
        ) AS newest_commit,
        stream.desired AS stream_desired,
        greatest(stream.updated_at, stream_beat.started_at) AS stream_began_at,
        generator.desired AS generator_desired,
        greatest(generator.updated_at, generator_beat.started_at) AS generator_began_at
    FROM (SELECT) AS one
    LEFT JOIN ops.service AS stream ON stream.name = 'spark_stream'
    LEFT JOIN ops.heartbeat AS stream_beat ON stream_beat.name = 'spark_stream'
    LEFT JOIN ops.service AS generator ON generator.name = 'generator'
    LEFT JOIN ops.heartbeat AS generator_beat ON generator_beat.name = 'generator'
"""
"""One row, by indexes; `counted_by` is the name of the streaming query."""


async def read_freshness(
    connection: Connection, limit_s: float, counted_by: Query = "events_clean"
) -> Freshness:
    """Freshness of what the streaming query `counted_by` wrote; it is stale if the lag exceeds `limit_s`."""
    cursor = await connection.execute(FRESH, {"counted_by": counted_by})
    row = await cursor.fetchone()
    assert row is not None, "the statement has one row"
    return as_freshness(row, limit_s)


async def read_common_freshness(connection: Connection, limit_s: float) -> Freshness:
    """Freshness of both streaming queries, which is that of the one that is behind."""
    found = [await read_freshness(connection, limit_s, name) for name in QUERIES]
    return min(
        found, key=lambda fresh: (fresh.newest_event_time is not None, fresh.newest_event_time or fresh.as_of)
    )


def as_freshness(row: Mapping[str, Any], limit_s: float) -> Freshness:
    """The columns of `FRESH` as part of a response.

    Without any counted event it is stale. An event ahead of the clock, within the contract's limit, has no lag.
    """
    as_of, newest = row["as_of"], row["newest_event_time"]
    lag_s = None if newest is None else max(0.0, (as_of - newest).total_seconds())
    return Freshness(
        as_of=as_of,
        newest_event_time=newest,
        event_time_lag_s=lag_s,
        stale=lag_s is None or lag_s > limit_s,
        pipeline=pipeline(row),
    )
