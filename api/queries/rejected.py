"""Records that broke a rule, the newest first, with what they held."""

import codecs
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.database import Connection
from api.models import RejectedRecord
from api.queries.search import Filters, Key, Listing, search
from core.tables import EVENTS_REJECTED

__all__ = ["REJECTED", "SHOWN_BYTES", "readable", "rejected_filters", "search_rejected"]

SHOWN_BYTES = 4096
"""So much of a payload is shown."""

REJECTED = Listing(
    EVENTS_REJECTED.name,
    (
        *(f'"{name}"' for name in EVENTS_REJECTED.columns if name != "payload"),
        f"substring(payload FROM 1 FOR {SHOWN_BYTES}) AS beginning",
        "octet_length(payload) AS payload_bytes",
    ),
    ("rejected_at", "topic", "partition", '"offset"'),
    (datetime, str, int, int),
)
_SHOWN_AS_THEY_ARE = (
    "topic",
    "partition",
    "offset",
    "kafka_time",
    "reason",
    "detail",
    "rejected_at",
    "replayed_at",
)


def rejected_filters(reasons: list[str], from_: datetime | None, to: datetime | None) -> Filters:
    """Filters on rejected records: one of `reasons` (none allows all), when they were rejected."""
    filters = Filters()
    filters.values.update({"reasons": reasons, "from": from_, "to": to})
    if reasons:
        filters.judged.append("reason = ANY(%(reasons)s)")
    if from_ is not None:
        filters.times.append("rejected_at >= %(from)s")
    if to is not None:
        filters.times.append("rejected_at < %(to)s")
    return filters


async def search_rejected(
    connection: Connection, filters: Filters, after: Key | None, limit: int
) -> tuple[list[RejectedRecord], Key | None]:
    """A page of rejected records, and where the next one begins."""
    found = await search(connection, REJECTED, filters, after, limit)
    return [_record(row) for row in found.rows], found.after


def readable(payload: bytes, *, truncated: bool) -> str:
    """Bytes as a text that a person can look at: U+FFFD for what is no UTF-8, a sign for NUL.

    Where the bytes are cut off, a character that the cut went through is left out.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return decoder.decode(payload, final=not truncated).replace("\0", "\N{SYMBOL FOR NULL}")


def _record(row: Mapping[str, Any]) -> RejectedRecord:
    beginning, size = row["beginning"], row["payload_bytes"] or 0
    truncated = size > SHOWN_BYTES
    return RejectedRecord(
        **{name: row[name] for name in _SHOWN_AS_THEY_ARE},
        payload=None if beginning is None else readable(bytes(beginning), truncated=truncated),
        payload_bytes=size,
        payload_truncated=truncated,
    )
