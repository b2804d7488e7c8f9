"""What the database knows of sources and senders: what waits to be mapped again, what the stream rejected lately."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from api.database import Connection
from api.queries.rejected import SHOWN_BYTES, readable
from core.sources import FailedMessage, FailedMessages, SenderStatus, SourceList
from core.tables import EVENTS_REJECTED

_WAITING = f"""
    SELECT source, count(*) AS records FROM {EVENTS_REJECTED.name}
    WHERE source_headers IS NOT NULL AND replayed_at IS NULL GROUP BY source
"""  # noqa: S608  # names from core.tables
_REJECTED = f"""
    SELECT source, count(*) AS records FROM {EVENTS_REJECTED.name}
    WHERE source IS NOT NULL AND source_headers IS NULL AND rejected_at > now() - interval '1 hour' GROUP BY source
"""  # noqa: S608  # as above
_WAITING_OF = f"""
    SELECT kafka_time, reason, unmapped_reason, detail, substring(payload FROM 1 FOR {SHOWN_BYTES}) AS beginning,
        coalesce(payload_bytes, octet_length(payload), 0) AS payload_bytes
    FROM {EVENTS_REJECTED.name}
    WHERE source = %(source)s AND source_headers IS NOT NULL AND replayed_at IS NULL
    ORDER BY kafka_time DESC LIMIT %(limit)s
"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """Records by source or sender: messages that wait, events that the stream rejected in the last hour."""

    waiting: dict[str, int]
    rejected: dict[str, int]


async def read_counts(connection: Connection) -> SourceCounts:
    """The counts, each by an index of those records alone."""
    waiting, rejected = [
        {row["source"]: row["records"] async for row in await connection.execute(query)}
        for query in (_WAITING, _REJECTED)
    ]
    return SourceCounts(waiting, rejected)


async def read_waiting(connection: Connection, source: str, limit: int) -> list[FailedMessage]:
    """The newest messages of a source that wait to be mapped again."""
    rows = await connection.execute(_WAITING_OF, {"source": source, "limit": limit})
    return [_failed(row) async for row in rows]


def with_waiting(found: FailedMessages, waiting: list[FailedMessage]) -> FailedMessages:
    """What intake says, with the unmapped messages of the database instead of its own: some were mapped since."""
    others = [each for each in found.items if each.outcome != "unmapped"]
    items = sorted([*waiting, *others], key=attrgetter("received_at"), reverse=True)
    return found.model_copy(update={"items": items[: found.limit]})


def _failed(row: Mapping[str, Any]) -> FailedMessage:
    """A message that waits; if it maps by now, an event of it broke a rule."""
    beginning = bytes(row["beginning"] or b"")
    truncated = row["payload_bytes"] > len(beginning)
    return FailedMessage(
        received_at=row["kafka_time"],
        outcome="rejected" if row["unmapped_reason"] is None else "unmapped",
        reason=row["unmapped_reason"] or row["reason"],
        detail=row["detail"] or "",
        payload=readable(beginning, truncated=truncated),
        payload_bytes=row["payload_bytes"],
        payload_truncated=truncated,
    )


def with_counts(found: SourceList, counts: SourceCounts) -> SourceList:
    """What intake says, with the counts."""
    return SourceList(
        since=found.since,
        sources=[
            each.model_copy(update={"waiting": counts.waiting.get(each.name, 0)}) for each in found.sources
        ],
        senders=[_with_verdicts(each, counts.rejected.get(each.name, 0)) for each in found.senders],
    )


def _with_verdicts(sender: SenderStatus, rejected: int) -> SenderStatus:
    return sender.model_copy(update={"rejected": rejected, "accepted": max(0, sender.received - rejected)})
