"""The one way to connect to PostgreSQL."""

from typing import Any

import psycopg
from psycopg.rows import TupleRow

from core.errors import DatabaseError
from core.postgres_refusals import connections_exhausted, reason_of, refusal
from core.settings import PostgresSettings

TRANSIENT_ERRORS = (
    psycopg.OperationalError,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)
"""Errors after which the same work may succeed: no connection, restart, deadlock."""


def dsn(settings: PostgresSettings) -> str:
    """libpq connection string (with the password; never log it)."""
    return psycopg.conninfo.make_conninfo(**settings.parameters())


def uri(settings: PostgresSettings) -> str:
    """The same as a URI, for libraries that take nothing else (ADBC, SQLAlchemy)."""
    from urllib.parse import quote, urlencode

    secret = quote(settings.password.get_secret_value(), safe="")
    named = settings.parameters()
    options = {name: named[name] for name in ("sslmode", "sslrootcert", "connect_timeout") if name in named}
    return (
        f"postgresql://{quote(settings.user, safe='')}:{secret}@{settings.host}:{settings.port}"
        f"/{quote(settings.database, safe='')}?{urlencode(options, quote_via=quote)}"
    )


def connect(
    settings: PostgresSettings, *, autocommit: bool = False, **extra: Any
) -> psycopg.Connection[TupleRow]:
    """Open a connection in UTC. Raises psycopg's own errors, for callers that retry."""
    return psycopg.connect(dsn(settings), autocommit=autocommit, options="-c timezone=UTC", **extra)


def wait_until_reachable(settings: PostgresSettings, timeout_s: float) -> None:
    """Return once a query is answered. Raises `DatabaseError` after `timeout_s` seconds, at once if it refuses the login."""
    from tenacity import RetryError, Retrying, retry_if_exception, stop_after_delay, wait_fixed

    def away(error: BaseException) -> bool:
        return isinstance(error, psycopg.OperationalError) and refusal(error, settings) is None

    where = f"PostgreSQL at {settings.host}:{settings.port}"
    try:
        for attempt in Retrying(
            retry=retry_if_exception(away), stop=stop_after_delay(timeout_s), wait=wait_fixed(0.2)
        ):
            with attempt, connect(settings, autocommit=True) as connection:
                connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        raise DatabaseError(f"{where} refused the connection. {reason_of(error, settings)}.") from None
    except RetryError as error:
        last = error.last_attempt.exception()
        if last is not None and (sentence := connections_exhausted(last)):
            raise DatabaseError(f"{where} accepts no connections for now. {sentence}.") from None
        raise DatabaseError(
            f"{where} did not respond within {timeout_s:.0f} s ({reason_of(last or error, settings)}). "
            "Is it running? See `orderpulse status`."
        ) from None
