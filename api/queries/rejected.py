"""Records that broke a rule, newest first, with their values."""

import codecs
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.database import Connection
from api.models import RejectedRecord
from api.queries.search import Filters, Key, Listing, search
from core.tables import EVENTS_REJECTED

SHOWN_BYTES = 4096
"""Bytes of a payload that are shown."""

_NOT_SHOWN = {"payload", "payload_bytes", "source_headers"}
REJECTED = Listing(
    EVENTS_REJECTED.name,
    (
        *(f'"{name}"' for name in EVENTS_REJECTED.columns if name not in _NOT_SHOWN),
        f"substring(payload FROM 1 FOR {SHOWN_BYTES}) AS beginning",
        "coalesce(payload_bytes, octet_length(payload)) AS payload_bytes",
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
    "payload_sha256",
    "source",
    "unmapped_reason",
)


def rejected_filters(
    reasons: list[str], sources: list[str], from_: datetime | None, to: datetime | None
) -> Filters:
    """Filters on rejected records: by `reasons` and `sources` (empty allows all) and time of rejection."""
    filters = Filters()
    filters.values.update({"reasons": reasons, "sources": sources, "from": from_, "to": to})
    if reasons:
        filters.unindexed.append("reason = ANY(%(reasons)s)")
    if sources:
        filters.unindexed.append("source = ANY(%(sources)s)")
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
    """Bytes as displayable text: U+FFFD for invalid UTF-8, a symbol for NUL.

    If the bytes are truncated, a partial character at the end is dropped.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return decoder.decode(payload, final=not truncated).replace("\0", "\N{SYMBOL FOR NULL}")


def _record(row: Mapping[str, Any]) -> RejectedRecord:
    beginning, size = row["beginning"], row["payload_bytes"] or 0
    truncated = size > len(beginning or b"")
    return RejectedRecord(
        **{name: row[name] for name in _SHOWN_AS_THEY_ARE},
        payload=None if beginning is None else readable(bytes(beginning), truncated=truncated),
        payload_bytes=size,
        payload_truncated=truncated,
    )
