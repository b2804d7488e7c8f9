"""Events as CSV (RFC 4180), streamed in pieces."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import anyio.to_thread

from api.export.cells import clock_time, escape_formula, money, offset
from api.export.rows import Pages
from core.tables import EVENTS_CLEAN

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the system's code page."""

TIMES = frozenset({"event_time", "ingest_time"})


async def csv_of_events(pages: Pages, zone: ZoneInfo) -> AsyncIterator[str]:
    """The lines of all pages. Raises `DatabaseError`, which truncates the file."""
    yield BYTE_ORDER_MARK + lines([_names()])
    async for rows in pages:
        yield await anyio.to_thread.run_sync(_lines_of, rows, zone)


def lines(rows: Iterable[Iterable[str]]) -> str:
    """Rows of cells as lines."""
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


def _lines_of(rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> str:
    return lines(_cells(row, zone) for row in rows)


def _names() -> list[str]:
    return [
        each
        for name in EVENTS_CLEAN.columns
        for each in ([name, f"{name}_offset"] if name in TIMES else [name])
    ]


def _cells(row: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    return [cell for name in EVENTS_CLEAN.columns for cell in _cell(row[name], row["currency"], zone)]


def _cell(value: Any, currency: str, zone: ZoneInfo) -> list[str]:
    if isinstance(value, datetime):
        return [clock_time(value, zone), offset(value, zone)]
    if isinstance(value, Decimal):
        return [money(value, currency)]
    return ["" if value is None else escape_formula(str(value))]
