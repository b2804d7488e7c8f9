"""Events as CSV (RFC 4180), piece by piece.

Each piece is a page by key on a connection of its own: a slow reader of a long file holds neither one of
the few connections nor a snapshot that keeps the database from cleaning up.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any

from api.database import Database
from api.queries.events import EVENTS
from api.queries.search import Filters, Found, search
from core.clock import to_iso8601

__all__ = ["ROWS_AT_ONCE", "csv_of_events", "file_name", "harmless"]

ROWS_AT_ONCE = 2_000
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, or skips before one."""


def file_name(now: datetime) -> str:
    """Name of a file that is made at `now`."""
    return f"events-{now:%Y%m%dT%H%M%SZ}.csv"


async def csv_of_events(database: Database, filters: Filters, found: Found) -> AsyncIterator[str]:
    """The lines of `found` and of all pages behind it. Raises `DatabaseError`, which breaks the file off."""
    yield _lines([EVENTS.columns])
    while True:
        if found.rows:
            yield _lines(_cells(row) for row in found.rows)
        if found.after is None:
            return
        async with database.connection() as connection:
            found = await search(connection, EVENTS, filters, found.after, ROWS_AT_ONCE)


def harmless(text: str) -> str:
    """`text` as no spreadsheet will execute it: with an apostrophe where it looks like a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [_cell(row[name]) for name in EVENTS.columns]


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return to_iso8601(value)
    return harmless(value) if isinstance(value, str) else str(value)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
