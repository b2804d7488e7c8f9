"""Records that Kafka deleted before they were read, and sentences about them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from core.clock import to_iso8601
from core.tables import EVENTS_CLEAN, RECORDS_LOST

_READ = f"""
    SELECT topic, partition, offset_from, offset_to, reason, taken_after, noticed_at FROM {RECORDS_LOST.name}
    WHERE query_name = '{EVENTS_CLEAN.name}' AND noticed_at > %s
        AND (offset_to IS NULL OR offset_to > offset_from OR reason = 'topic_replaced')
    ORDER BY noticed_at, topic_id, partition
"""  # noqa: S608  # constant names


@dataclass(frozen=True, slots=True)
class Loss:
    """Lost offsets of one partition, up to `offset_to` (exclusive; None if the end was never seen)."""

    topic: str
    partition: int
    offset_from: int
    offset_to: int | None
    reason: str
    taken_after: datetime
    noticed_at: datetime

    @property
    def records(self) -> int | None:
        """How many are lost; None if unknown."""
        return None if self.offset_to is None else self.offset_to - self.offset_from

    def __str__(self) -> str:
        if self.records == 0:
            return f"nothing from partition {self.partition}"
        if self.offset_to is None:
            return f"all of partition {self.partition} from offset {self.offset_from}"
        plural = "record" if self.records == 1 else "records"
        last = self.offset_to - 1
        return (
            f"{self.records:,} {plural} of partition {self.partition} (offsets {self.offset_from} to {last})"
        )


def read_losses(connection: psycopg.Connection[Any], since: datetime) -> list[Loss]:
    """The losses noticed after `since`, oldest first.

    Only those of the query events_clean: the reconciliation recomputes what only kpi_1m has missed.
    """
    with connection.cursor(row_factory=class_row(Loss)) as cursor:
        return cursor.execute(_READ.encode(), (since,)).fetchall()


def in_words(losses: list[Loss]) -> str:
    """Sentences about losses, of which there must be at least one."""
    known = sum(loss.records or 0 for loss in losses)
    least = "at least " if any(loss.records is None for loss in losses) else ""
    how = (
        "The topic was deleted and created again"
        if any(loss.reason == "topic_replaced" for loss in losses)
        else "Kafka deleted records before they were read"
    )
    parts = "; ".join(str(loss) for loss in losses if loss.records != 0)
    since = to_iso8601(min(loss.taken_after for loss in losses))
    lost = (
        f" Lost: {least}{known:,} records, taken after {since}: {parts}."
        if parts
        else "  All records seen in it had been read."
    )
    return f"{how}; noticed at {to_iso8601(losses[-1].noticed_at)}.{lost} The stream continues after them."
