"""Accepted events, the newest first."""

from api.database import Connection
from api.models import Event
from core.tables import EVENTS_CLEAN

__all__ = ["read_newest_events"]

_COLUMNS = ", ".join(EVENTS_CLEAN.columns)
_NEWEST = f"""
    SELECT {_COLUMNS} FROM {EVENTS_CLEAN.name} ORDER BY event_time DESC, id DESC LIMIT %(limit)s
"""  # noqa: S608  # names come from the contract


async def read_newest_events(connection: Connection, limit: int) -> list[Event]:
    """The `limit` events of the newest event time, the newest first."""
    cursor = await connection.execute(_NEWEST, {"limit": limit})
    return [Event(**row) async for row in cursor]
