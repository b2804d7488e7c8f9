"""What the database knows of sources and senders: what waits to be mapped again, what the stream rejected lately."""

from dataclasses import dataclass

from api.database import Connection
from core.sources import SenderStatus, SourceList
from core.tables import EVENTS_REJECTED

_WAITING = f"""
    SELECT source, count(*) AS records FROM {EVENTS_REJECTED.name}
    WHERE source_headers IS NOT NULL AND replayed_at IS NULL GROUP BY source
"""  # noqa: S608  # names from core.tables
_REJECTED = f"""
    SELECT source, count(*) AS records FROM {EVENTS_REJECTED.name}
    WHERE source IS NOT NULL AND source_headers IS NULL AND rejected_at > now() - interval '1 hour' GROUP BY source
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
