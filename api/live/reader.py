"""The hub's reads: each change once for all clients."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from api.database import Connection, Database
from api.live.committed import Committed
from api.live.message import RangeKey
from api.models import Event, Freshness, KpiReport, WindowBatch
from api.queries.events import read_newest_events
from api.queries.freshness import read_common_freshness
from api.queries.kpis import read_kpi, read_windows
from api.ranges import resolve
from core.clock import Clock, utc_now
from core.settings import Settings
from core.tables import KPI_1M

LEDGER_SLACK_S = 2.0
"""Tolerance, since a ledger row's time is from just before its commit."""

_BATCHES = """
    SELECT query_name, batch_id, records_written FROM ops.stream_batch
    WHERE committed_at > now() - %(age)s ORDER BY committed_at LIMIT 1000
"""
_WINDOWS = """
    SELECT window_start FROM kpi_1m
    WHERE window_start > now() - interval '25 hours' AND processed_at > now() - %(age)s
    ORDER BY window_start
"""


class Reader:
    """Reads with the API's own queries. Raises `DatabaseError` if the database is down."""

    def __init__(self, database: Database, settings: Settings, clock: Clock = utc_now) -> None:
        self.database = database
        self._limit_s = settings.checks.freshness_limit_s
        self._currencies = settings.shop.currency_codes()
        self._clock = clock

    async def kpi(self, connection: Connection, range_key: RangeKey) -> KpiReport:
        """The KPIs of a range as of now."""
        span = resolve(range_key.range, now=self._clock(), tz=range_key.time_zone)
        return await read_kpi(connection, span, self._limit_s, self._currencies)

    async def windows(self, connection: Connection, starts: Sequence[datetime]) -> WindowBatch:
        """The minutes that begin at `starts`."""
        fresh, windows = await read_windows(connection, starts, self._limit_s, self._currencies)
        return WindowBatch(**dict(fresh), windows=windows)

    async def newest_events(self, connection: Connection, limit: int) -> list[Event]:
        """The events of the newest event time."""
        return await read_newest_events(connection, limit)

    async def freshness(self, connection: Connection) -> Freshness:
        """The age of numbers and events, by the query that is behind."""
        return await read_common_freshness(connection, self._limit_s)

    def aged(self, fresh: Freshness, by: timedelta) -> Freshness:
        """`fresh` aged by a time without reads."""
        lag_s = None if fresh.event_time_lag_s is None else fresh.event_time_lag_s + by.total_seconds()
        return fresh.model_copy(
            update={
                "as_of": fresh.as_of + by,
                "event_time_lag_s": lag_s,
                "stale": lag_s is None or lag_s > self._limit_s,
            }
        )

    async def committed_within(self, seconds: float) -> list[Committed]:
        """The batches in the ledger of the last `seconds`, with all their changed windows in one of them."""
        age = {"age": timedelta(seconds=seconds + LEDGER_SLACK_S)}
        async with self.database.connection() as connection:
            batches = await (await connection.execute(_BATCHES, age)).fetchall()
            rows = await (await connection.execute(_WINDOWS, age)).fetchall()
        windows = tuple(row["window_start"] for row in rows)
        return [
            Committed(
                row["query_name"],
                row["batch_id"],
                events=0 if row["query_name"] == KPI_1M.name else row["records_written"],
                windows=windows if row["query_name"] == KPI_1M.name else (),
            )
            for row in batches
        ]
