"""Accepted events, newest first, and the journeys of orders."""

import re
from datetime import datetime
from typing import Any

from api.database import Connection
from api.models import Event
from api.queries.search import Filters, Found, Key, Listing, search
from core.events import EventType
from core.tables import EVENTS_CLEAN

EVENTS = Listing(EVENTS_CLEAN.name, EVENTS_CLEAN.columns, ("event_time", "id"), (datetime, str))
JOURNEY_LIMIT = 500
"""Events of one order that are shown; a real one has four."""

_COLUMNS = ", ".join(EVENTS_CLEAN.columns)
_NEWEST = f"""
    SELECT {_COLUMNS} FROM {EVENTS_CLEAN.name} ORDER BY event_time DESC, id DESC LIMIT %(limit)s
"""  # noqa: S608  # names come from the contract
_IS_WHOLE = f"""
    SELECT
        EXISTS (SELECT FROM {EVENTS_CLEAN.name} WHERE id = ANY(%(q)s))
        OR EXISTS (SELECT FROM {EVENTS_CLEAN.name} WHERE order_id = ANY(%(q)s)) AS is_whole
"""  # noqa: S608
_JOURNEY = f"""
    SELECT {_COLUMNS} FROM {EVENTS_CLEAN.name} WHERE order_id = %(order_id)s
    ORDER BY event_time DESC, id DESC LIMIT {JOURNEY_LIMIT + 1}
"""  # noqa: S608
_ORDER_OF = f"SELECT order_id FROM {EVENTS_CLEAN.name} WHERE id = %(id)s"  # noqa: S608


async def read_newest_events(connection: Connection, limit: int) -> list[Event]:
    """The `limit` events of the newest event time, newest first."""
    cursor = await connection.execute(_NEWEST, {"limit": limit})
    return [Event(**row) async for row in cursor]


async def event_filters(
    connection: Connection,
    *,
    among: dict[str, list[str]],
    order_id: str | None = None,
    user_id: str | None = None,
    q: str | None = None,
    from_: datetime | None = None,
    to: datetime | None = None,
) -> Filters:
    """Filters on events. `among`: allowed values by column; an empty list allows all.

    `q` is a prefix of an id, an order or a user, in one of its `spellings`. A complete id or order matches only
    itself, which the indexes find at any depth.
    """
    filters = Filters()
    given = {"order_id": order_id, "user_id": user_id, "from": from_, "to": to}
    filters.values.update(among | {name: value for name, value in given.items() if value is not None})
    filters.unindexed.extend(f"{column} = ANY(%({column})s)" for column, allowed in among.items() if allowed)
    if order_id is not None:
        filters.exact.append("order_id = %(order_id)s")
    if user_id is not None:
        filters.unindexed.append("user_id = %(user_id)s")
    if from_ is not None:
        filters.times.append("event_time >= %(from)s")
    if to is not None:
        filters.times.append("event_time < %(to)s")
    if q is not None:
        await _add_search(connection, filters, spellings(q))
    return filters


def spellings(q: str) -> list[str]:
    """The variants of free text: an id may start or end with a space, and so may pasted text."""
    return sorted({spelt for each in (q, q.strip()) for spelt in (each, each.lower(), each.upper())})


async def _add_search(connection: Connection, filters: Filters, spellings: list[str]) -> None:
    filters.values["q"] = spellings
    row = await (await connection.execute(_IS_WHOLE, {"q": spellings})).fetchone()
    if row is not None and row["is_whole"]:
        filters.exact.append("(id = ANY(%(q)s) OR order_id = ANY(%(q)s))")
        return
    # A LIKE for each costs a third of `^@` or of an array.
    patterns = {f"q{place}": re.sub(r"([\\%_])", r"\\\1", each) + "%" for place, each in enumerate(spellings)}
    filters.values.update(patterns)
    begins = [f"{column} LIKE %({name})s" for column in ("id", "order_id", "user_id") for name in patterns]
    filters.unindexed.append(f"({' OR '.join(begins)})")


async def search_events(
    connection: Connection, filters: Filters, after: Key | None, limit: int
) -> tuple[list[Event], Key | None]:
    """A page of events, and where the next one begins."""
    found: Found = await search(connection, EVENTS, filters, after, limit)
    return [_event(row) for row in found.rows], found.after


async def read_journey(connection: Connection, order_id: str) -> tuple[list[Event], bool]:
    """The events of an order, oldest first, and whether there are older ones."""
    cursor = await connection.execute(_JOURNEY, {"order_id": order_id})
    events = [Event(**row) async for row in cursor]
    stages = list(EventType)
    shown = sorted(
        events[:JOURNEY_LIMIT], key=lambda each: (each.event_time, stages.index(each.event_type), each.id)
    )
    return shown, len(events) > JOURNEY_LIMIT


async def order_of_event(connection: Connection, event_id: str) -> str | None:
    """The order that an event belongs to; None if there is no such event."""
    row = await (await connection.execute(_ORDER_OF, {"id": event_id})).fetchone()
    return None if row is None else str(row["order_id"])


def _event(row: dict[str, Any]) -> Event:
    return Event(**{name: row[name] for name in EVENTS_CLEAN.columns})
