"""The API's connections to PostgreSQL: a bounded pool, read-only, with a limit on each statement."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from core import postgres
from core.errors import DatabaseError
from core.settings import Settings

Connection = psycopg.AsyncConnection[DictRow]


class QueryTimeoutError(DatabaseError):
    """A statement took longer than the limit."""


CHECK_S = 1.0
RECONNECT_S = 5.0
"""Timeout of an attempt to connect; the next request starts a new one. The delays within an
attempt double, and would outlast the outage."""

LIFETIME_S = 3600.0
REPLICA_CONNECTION_LIFETIME_S = 60.0
"""Connections that fell back to the primary return to the replica within this time."""


def read_dsn(settings: Settings) -> str:
    """Connection string for reads: the replica if one is set and responds, else the primary (with the password)."""
    primary, api = settings.postgres, settings.api
    if api.replica_host is None:
        return postgres.dsn(primary)
    return psycopg.conninfo.make_conninfo(
        postgres.dsn(primary),
        host=f"{api.replica_host},{primary.host}",
        port=f"{api.replica_port},{primary.port}",
        target_session_attrs="prefer-standby",
        connect_timeout="2",  # libpq's minimum; the next server may respond
    )


async def _check(connection: Connection) -> None:
    """Raise if the server does not respond at once: one that hangs counts as down, and another may serve."""
    async with asyncio.timeout(CHECK_S):
        await AsyncConnectionPool.check_connection(connection)


class Database:
    """A pool of read-only autocommit connections whose rows are dictionaries. Open it in a running loop."""

    def __init__(self, settings: Settings) -> None:
        api = settings.api
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            read_dsn(settings),
            connection_class=psycopg.AsyncConnection[DictRow],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "options": (
                    f"-c timezone=UTC -c statement_timeout={api.statement_timeout_ms} "
                    "-c default_transaction_read_only=on"
                ),
            },
            min_size=1,
            max_size=api.pool_size,
            timeout=api.pool_wait_s,
            max_waiting=api.pool_size * 20,
            reconnect_timeout=RECONNECT_S,
            max_lifetime=LIFETIME_S if api.replica_host is None else REPLICA_CONNECTION_LIFETIME_S,
            check=_check,
            open=False,
            name="api",
        )

    async def open(self) -> None:
        """Start connecting in the background: the API starts without its database, and reports that."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    def stats(self) -> dict[str, int]:
        """Counters of the pool, by psycopg's names."""
        return dict(self._pool.get_stats())

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for one request. Raises `DatabaseError` if none is free or none can be opened."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, TooManyRequests):
            raise DatabaseError(
                "The database does not respond, or there are too many requests; try again."
            ) from None
        except psycopg.errors.QueryCanceled:
            raise QueryTimeoutError("The query took too long; narrow it, or try again later.") from None
        except psycopg.OperationalError as error:
            said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise DatabaseError(f"The database aborted the query: {said}. Try again.") from None
