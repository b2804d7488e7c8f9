"""Report once, in the log and in `ops.records_lost`, records that Kafka deleted before they were read."""

from typing import Any

import psycopg

from control.heartbeat import read_heartbeat
from core.logging import get_logger
from core.tables import RECORDS_LOST
from database.resume import Lost

log = get_logger(__name__)

_RECORD = f"""
    INSERT INTO {RECORDS_LOST.name} AS known
        (query_name, topic, topic_id, partition, offset_from, offset_to, reason, taken_after)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (query_name, topic, topic_id, partition, offset_from) DO UPDATE
    SET offset_to = excluded.offset_to, noticed_at = excluded.noticed_at
    WHERE known.offset_to < excluded.offset_to
    RETURNING 1
"""  # noqa: S608  # a constant name


def record_losses(
    connection: psycopg.Connection[Any], topic: str, query: str, losses: tuple[Lost, ...]
) -> None:
    """Record a query's losses. Rows from an earlier start without a committed batch stay."""
    new = [each for each in losses if _is_new(connection, topic, query, each)]
    if new:
        log.error(
            "records.lost",
            query=query,
            topic=topic,
            lost="; ".join(map(str, new)),
            meaning="Kafka deleted them before they were read; the stream continues after them",
        )


def read_seen_ends(connection: psycopg.Connection[Any], topic_id: str | None) -> dict[int, int] | None:
    """The end offsets of the topic with that id when the stream last saw it, by partition; None if unknown."""
    heartbeat = read_heartbeat(connection, "spark_stream")
    seen = heartbeat.progress.get("topic") if heartbeat else None
    if topic_id is None or not isinstance(seen, dict) or seen.get("id") != topic_id:
        return None
    return {int(partition): offset for partition, offset in seen["ends"].items()}


def _is_new(connection: psycopg.Connection[Any], topic: str, query: str, lost: Lost) -> bool:
    reason = "topic_replaced" if lost.replaced else "deleted"
    place = (query, topic, lost.topic_id or "", lost.partition, lost.first, lost.last)
    return connection.execute(_RECORD.encode(), (*place, reason, lost.since)).fetchone() is not None
