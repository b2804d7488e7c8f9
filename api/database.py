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

__all__ = ["Connection", "Database", "read_dsn"]

Connection = psycopg.AsyncConnection[DictRow]

CHECK_S = 1.0
RECONNECT_S = 5.0
"""After so long an attempt to connect is given up, and the next question begins a new one: the pauses between
an attempt's tries double, and would outlast the database's absence."""

LIFETIME_S = 3600.0
LIFETIME_BESIDE_A_REPLICA_S = 60.0
"""Connections that went to the primary for want of the replica go back to it within so long."""


def read_dsn(settings: Settings) -> str:
    """Where the API reads: the replica where one is set and answers, else the primary (with the password)."""
    primary, api = settings.postgres, settings.api
    if api.replica_host is None:
        return postgres.dsn(primary)
    return psycopg.conninfo.make_conninfo(
        postgres.dsn(primary),
        host=f"{api.replica_host},{primary.host}",
        port=f"{api.replica_port},{primary.port}",
        target_session_attrs="prefer-standby",
        connect_timeout="2",  # the least that libpq takes; the next server may answer
    )


async def _check(connection: Connection) -> None:
    """Raise where the server does not answer at once: one that hangs is as good as dead, and another may do."""
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
            max_lifetime=LIFETIME_S if api.replica_host is None else LIFETIME_BESIDE_A_REPLICA_S,
            check=_check,
            open=False,
            name="api",
        )

    async def open(self) -> None:
        """Begin to connect, in the background: the API starts without its database, and says so."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    def stats(self) -> dict[str, int]:
        """Counters of the pool, by psycopg's names."""
        return dict(self._pool.get_stats())

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for one request. Raises `DatabaseError` where none is free or none can be made."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, TooManyRequests):
            raise DatabaseError("The database does not answer, or too many ask at once; try again.") from None
        except psycopg.errors.QueryCanceled:
            raise DatabaseError("The question took the database too long; ask for less, or later.") from None
        except psycopg.OperationalError as error:
            said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise DatabaseError(f"The database broke off: {said}. Try again.") from None
