"""A server whose connections are all held by somebody else."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg

from core import postgres
from core.settings import PostgresSettings

SERVER_LIMIT = 60


@contextmanager
def all_taken(server: PostgresSettings) -> Iterator[None]:
    """Hold every connection that is left."""
    with ExitStack() as held:
        for _ in range(SERVER_LIMIT):
            try:
                held.enter_context(postgres.connect(server, autocommit=True))
            except psycopg.OperationalError:
                break
        else:
            raise AssertionError("the server takes more than it is configured for")
        yield
