"""Events, orders and their journeys."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field, StringConstraints
from starlette.responses import StreamingResponse

from api.context import Context, ContextDep
from api.csv_export import ROWS_AT_ONCE, csv_of_events, file_name
from api.cursors import decode_cursor, encode_cursor, fingerprint
from api.database import Connection
from api.models import EventPage, OrderJourney
from api.parameters import Cursor, Identifier, TimeFilter
from api.problems import NotFoundError
from api.queries.events import (
    EVENTS,
    OUTCOMES,
    event_filters,
    order_of_event,
    read_journey,
    search_events,
)
from api.queries.freshness import read_freshness
from api.queries.search import Filters, search
from core.clock import utc_now
from core.events import Currency, EventStatus, EventType

__all__ = ["EventFilters", "router"]

router = APIRouter(tags=["events"])


class EventFilters(TimeFilter):
    """Filters on events; each narrows the list further. `from` and `to` are of event time."""

    event_type: list[EventType] = Field([], description="One of these; may be repeated.")
    status: list[EventStatus] = Field([], description="One of these; may be repeated.")
    currency: list[Currency] = Field([], description="One of these; may be repeated.")
    order_id: Identifier | None = Field(None, description="This order alone.", examples=["ORD123456"])
    user_id: Identifier | None = Field(None, description="This user alone.", examples=["USR1234"])
    q: Annotated[Identifier, StringConstraints(strip_whitespace=True)] | None = Field(
        None,
        description=(
            "Beginning of an id, an order or a user, in capitals or small letters. "
            "A whole id or order is found at any depth, alone."
        ),
        examples=["ORD1234"],
    )


class EventQuery(EventFilters):
    """The filters, and which page."""

    limit: int = Field(100, ge=1, le=500, description="Most rows of a page.")
    cursor: Cursor | None = Field(None, description="`next_cursor` of the page before.")


@router.get("/events", summary="Accepted events, the newest first")
async def get_events(context: ContextDep, asked: Annotated[EventQuery, Query()]) -> EventPage:
    """A page of events by event time. Ask with `next_cursor` for the next one, with the same filters.

    A page costs the same at any depth. Where hardly any event passes the filters, a page ends after a
    fifth of a second of looking: it may be short or empty, and `next_cursor` goes on from there.
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
            "description": "CSV (RFC 4180) with a line of names, the newest event first.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    },
)
async def get_events_csv(context: ContextDep, asked: Annotated[EventFilters, Query()]) -> StreamingResponse:
    """All events that pass the filters, streamed. A text that a spreadsheet would take for a formula
    begins with an apostrophe.
    """
    async with context.database.connection() as connection:
        filters = await _filters(connection, asked)
        first = await search(connection, EVENTS, filters, None, ROWS_AT_ONCE)
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(utc_now())}"',
        "Cache-Control": "no-store",
    }
    lines = csv_of_events(context.database, filters, first)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/events/{event_id:path}", summary="The journey of the order that an event belongs to")
async def get_event(context: ContextDep, event_id: Annotated[Identifier, Path()]) -> OrderJourney:
    """All events of that order, this one among them."""
    async with context.database.connection() as connection:
        order_id = await order_of_event(connection, event_id)
        if order_id is None:
            raise NotFoundError(
                f"There is no event {event_id!r}. It may have been rejected, or deleted by age."
            )
        return await _journey(connection, context, order_id)


@router.get("/orders/{order_id:path}", summary="The journey of an order")
async def get_order(context: ContextDep, order_id: Annotated[Identifier, Path()]) -> OrderJourney:
    """All events of an order, the oldest first; the newest 500 where there are more."""
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
        outcome=OUTCOMES[events[-1].event_type],
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
