"""How old the numbers are: the database's clock beside the newest event that was counted (contract, I5)."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from api.database import Connection
from api.models import Freshness

__all__ = ["FRESH", "QueryName", "as_freshness", "read_common_freshness", "read_freshness"]

QueryName = Literal["events_clean", "kpi_1m"]

FRESH = """
    SELECT statement_timestamp() AS as_of, (
        SELECT max_event_time FROM ops.stream_batch
        WHERE query_name = %(counted_by)s AND max_event_time IS NOT NULL
        ORDER BY max_event_time DESC LIMIT 1
    ) AS newest_event_time
"""
"""One row, from the ledger's index; `counted_by` is the name of the streaming query."""


async def read_freshness(
    connection: Connection, limit_s: float, counted_by: QueryName = "events_clean"
) -> Freshness:
    """How old what the streaming query `counted_by` wrote is; `limit_s`: beyond which lag it is stale."""
    cursor = await connection.execute(FRESH, {"counted_by": counted_by})
    row = await cursor.fetchone()
    assert row is not None, "the statement has one row"
    return as_freshness(row, limit_s)


async def read_common_freshness(connection: Connection, limit_s: float) -> Freshness:
    """How old what both streaming queries wrote is, so the age of the one that is behind."""
    found = [await read_freshness(connection, limit_s, name) for name in get_args(QueryName)]
    return min(
        found, key=lambda fresh: (fresh.newest_event_time is not None, fresh.newest_event_time or fresh.as_of)
    )


def as_freshness(row: Mapping[str, Any], limit_s: float) -> Freshness:
    """The two columns of `FRESH` as a part of an answer.

    Nothing counted yet is stale. An event may be ahead of the clock, within the contract's limit: no lag.
    """
    as_of, newest = row["as_of"], row["newest_event_time"]
    lag_s = None if newest is None else max(0.0, (as_of - newest).total_seconds())
    return Freshness(
        as_of=as_of,
        newest_event_time=newest,
        event_time_lag_s=lag_s,
        stale=lag_s is None or lag_s > limit_s,
    )
