"""Events, orders and their journeys."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import Field, StringConstraints
from starlette.responses import StreamingResponse

from api.context import Context, ContextDep
from api.cursors import decode_cursor, encode_cursor, fingerprint
from api.database import Connection
from api.edge.problems import NotFoundError
from api.export.csv_file import csv_of_events
from api.export.naming import file_name
from api.export.rows import ROWS_AT_ONCE, Pages, pages_of_events
from api.export.xlsx_file import XLSX, write_events
from api.models import EventPage, OrderJourney
from api.parameters import Cursor, Identifier, TimeFilter, ZoneName
from api.queries.events import (
    EVENTS,
    event_filters,
    order_of_event,
    read_journey,
    search_events,
)
from api.queries.freshness import read_freshness
from api.queries.search import Filters, search
from api.ranges import time_zone
from core.clock import utc_now
from core.events import EventStatus, EventType

PIECE_BYTES = 256 * 1024

router = APIRouter(tags=["events"])


CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class EventFilters(TimeFilter):
    """Filters on events, combined with AND. `from` and `to` are event times."""

    event_type: list[EventType] = Field([], description="One of these; may be repeated.")
    status: list[EventStatus] = Field([], description="One of these; may be repeated.")
    currency: list[CurrencyCode] = Field([], description="One of these ISO 4217 codes; may be repeated.")
    order_id: Identifier | None = Field(None, description="Only this order.", examples=["ORD123456"])
    user_id: Identifier | None = Field(None, description="Only this user.", examples=["USR1234"])
    q: Annotated[Identifier, StringConstraints(pattern=r"\S")] | None = Field(
        None,
        description=(
            "Prefix of an id, an order or a user, in upper or lower case, with or without surrounding spaces. "
            "A complete id or order matches only itself, at any depth."
        ),
        examples=["ORD1234"],
    )


class FileQuery(EventFilters):
    """The filters, and the time zone of the file."""

    tz: ZoneName = Field("UTC", description="IANA name of the time zone of the file's times.")


class EventQuery(EventFilters):
    """The filters, and the page."""

    limit: int = Field(100, ge=1, le=500, description="Maximum rows of a page.")
    cursor: Cursor | None = Field(None, description="`next_cursor` of the previous page.")


@router.get("/events", summary="Accepted events, newest first")
async def get_events(context: ContextDep, asked: Annotated[EventQuery, Query()]) -> EventPage:
    """A page of events by event time. Send `next_cursor` with the same filters to get the next one.

    A page costs the same at any depth. If hardly any event matches the filters, a page ends after a
    fifth of a second of searching: it may be short or empty, and `next_cursor` continues from there.
    """
    mark = fingerprint("events", asked)
    after = None if asked.cursor is None else decode_cursor(asked.cursor, mark, EVENTS.kinds)
    async with context.database.connection() as connection:
        fresh = await read_freshness(connection, context.settings.checks.freshness_limit_s)
        filters = await _filters(connection, asked)
        events, behind = await search_events(connection, filters, after, asked.limit)
    cursor = None if behind is None else encode_cursor(behind, mark)
    return EventPage(**dict(fresh), items=events, next_cursor=cursor)


@router.get(
    "/events.csv",
    summary="Accepted events as a file",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "CSV (RFC 4180, UTF-8 with a byte order mark) with a header line, newest event first.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    },
)
async def get_events_csv(context: ContextDep, asked: Annotated[FileQuery, Query()]) -> StreamingResponse:
    """All events that match the filters, streamed, with local times in `tz`. Text that a spreadsheet would read as a
    formula gets a leading apostrophe.
    """
    zone = time_zone(asked.tz)
    pages = await _pages(context, asked)
    lines = csv_of_events(pages, zone)
    return StreamingResponse(
        lines, media_type="text/csv; charset=utf-8", headers=_file_headers(asked, zone, "csv")
    )


@router.get(
    "/events.xlsx",
    summary="Accepted events as a spreadsheet",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "XLSX: ids as text, amounts as exact numbers, local times in `tz`. `X-Rows` has the number of rows.",
            "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def get_events_xlsx(context: ContextDep, asked: Annotated[FileQuery, Query()]) -> StreamingResponse:
    """All events that match the filters, up to 200,000. The file is completed before it is sent, one at a time."""
    zone = time_zone(asked.tz)
    async with context.files:
        folder = Path(tempfile.mkdtemp(prefix="orderpulse-"))
        path = folder / "events.xlsx"
        try:
            rows = await write_events(path, await _pages(context, asked), zone)
            made = path.open("rb")  # stays readable after it is unlinked, and is closed with the response
        finally:
            shutil.rmtree(folder)
    size = os.fstat(made.fileno()).st_size
    headers = _file_headers(asked, zone, "xlsx") | {"X-Rows": str(rows), "Content-Length": str(size)}
    return StreamingResponse(_pieces(made), media_type=XLSX, headers=headers)


@router.get("/events/{event_id:text}", summary="The journey of the order that an event belongs to")
async def get_event(context: ContextDep, event_id: Annotated[Identifier, InPath()]) -> OrderJourney:
    """All events of that order, including this one."""
    async with context.database.connection() as connection:
        order_id = await order_of_event(connection, event_id)
        if order_id is None:
            raise NotFoundError(
                f"There is no event {event_id!r}. It may have been rejected, or deleted by age."
            )
        return await _journey(connection, context, order_id)


@router.get("/orders/{order_id:text}", summary="The journey of an order")
async def get_order(context: ContextDep, order_id: Annotated[Identifier, InPath()]) -> OrderJourney:
    """All events of an order, oldest first; only the newest 500 if there are more."""
    async with context.database.connection() as connection:
        return await _journey(connection, context, order_id)


async def _journey(connection: Connection, context: Context, order_id: str) -> OrderJourney:
    fresh = await read_freshness(connection, context.settings.checks.freshness_limit_s)
    events, truncated = await read_journey(connection, order_id)
    if not events:
        raise NotFoundError(f"There is no event of the order {order_id!r}, or they were deleted by age.")
    return OrderJourney(
        **dict(fresh),
        order_id=order_id,
        outcome=events[-1].event_type.outcome,
        events=events,
        truncated=truncated,
    )


async def _filters(connection: Connection, asked: EventFilters) -> Filters:
    return await event_filters(
        connection,
        among={
            "event_type": list(asked.event_type),
            "status": list(asked.status),
            "currency": list(asked.currency),
        },
        order_id=asked.order_id,
        user_id=asked.user_id,
        q=asked.q,
        from_=asked.from_,
        to=asked.to,
    )


async def _pages(context: Context, asked: EventFilters) -> Pages:
    """The rows of a file; the first page is read at once, so that a database failure sets the HTTP status."""
    async with context.database.connection() as connection:
        filters = await _filters(connection, asked)
        first = await search(connection, EVENTS, filters, None, ROWS_AT_ONCE)
    return pages_of_events(context.database, filters, first)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _file_headers(asked: EventFilters, zone: ZoneInfo, ending: str) -> dict[str, str]:
    chosen = [*asked.event_type, *asked.status, *asked.currency, asked.order_id, asked.user_id, asked.q]
    name = file_name(
        "events",
        ending,
        zone=zone,
        from_=asked.from_,
        to=asked.to or utc_now(),
        filters=[each for each in chosen if each],
    )
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
