"""The rows of a file, page by page.

Each page is read by key on its own connection: a slow reader of a long file occupies neither one of the few
connections nor a snapshot that would block vacuum.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from api.database import Database
from api.queries.events import EVENTS
from api.queries.search import Filters, Found, search

ROWS_AT_ONCE = 2_000

Pages = AsyncIterator[list[Mapping[str, Any]]]


async def pages_of_events(database: Database, filters: Filters, found: Found) -> Pages:
    """The rows of `found` and of all following pages. Raises `DatabaseError`."""
    while True:
        if found.rows:
            yield list(found.rows)
        if found.after is None:
            return
        async with database.connection() as connection:
            found = await search(connection, EVENTS, filters, found.after, ROWS_AT_ONCE)
