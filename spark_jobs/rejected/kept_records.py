"""Rejected records from the database, completed from Kafka if only their beginning was stored."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from core import kafka, postgres
from core.errors import BrokerError
from core.events import MAX_RECORD_BYTES
from core.logging import get_logger
from core.settings import KafkaSettings, Settings
from core.tables import EVENTS_REJECTED
from core.topic_facts import values_at

COLUMNS = (
    'topic, partition, "offset", kafka_time, payload, payload_bytes, payload_sha256, source, source_headers'
)
"""Of `ops.events_rejected`, for a `KeptRecord`."""

AT = 'WHERE topic = %s AND partition = %s AND "offset" = %s'
"""The record at a `Place`."""

Place = tuple[str, int, int]
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A row of `ops.events_rejected`; `payload_bytes` and `payload_sha256` are set where `value` was cut.

    `source_headers` are set if the value is a message for the mapping of `source`.
    """

    topic: str
    partition: int
    offset: int
    kafka_time: datetime
    value: bytes | None
    payload_bytes: int | None
    payload_sha256: str | None
    source: str | None
    source_headers: str | None

    @property
    def place(self) -> Place:
        """Topic, partition and offset."""
        return self.topic, self.partition, self.offset

    @property
    def needs_rest(self) -> bool:
        """Whether the rest is missing and the whole value could be a valid event."""
        return self.payload_bytes is not None and self.payload_bytes <= MAX_RECORD_BYTES


def completed(broker: KafkaSettings, records: Iterable[KeptRecord]) -> list[KeptRecord]:
    """The records with complete values, without those whose rest Kafka no longer has, or never had in this topic."""
    records = list(records)
    wanted = [
        (each.partition, each.offset) for each in records if each.needs_rest and each.topic == broker.topic
    ]
    try:
        values = values_at(broker, wanted)
    except BrokerError as error:
        log.warning("payloads.not_read", error=str(error))
        values = {}
    whole = []
    for each in records:
        value = values.get((each.partition, each.offset)) if each.payload_bytes else each.value
        if each.payload_bytes and (value is None or sha256(value).hexdigest() != each.payload_sha256):
            continue
        whole.append(replace(each, value=value))
    return whole


MESSAGES = 20
"""Completed at a time, so that the memory they take is bounded."""

_IS_CUT = f"""
    source_headers IS NOT NULL AND replayed_at IS NULL AND topic = %(topic)s AND payload_bytes <= {MAX_RECORD_BYTES}
"""
_ANY_CUT = f"SELECT FROM {EVENTS_REJECTED.name} WHERE {_IS_CUT} LIMIT 1"
_CUT_MESSAGES = f"""
    SELECT {COLUMNS} FROM {EVENTS_REJECTED.name}
    WHERE {_IS_CUT} AND "offset" >= (%(first)s::jsonb ->> partition::text)::bigint
    ORDER BY kafka_time DESC LIMIT {MESSAGES}
"""  # noqa: S608  # names come from the contract
_KEEP = f"UPDATE {EVENTS_REJECTED.name} SET payload = %s, payload_bytes = NULL, payload_sha256 = NULL {AT}"  # noqa: S608  # as above


def complete_messages(settings: Settings) -> int:
    """Store the whole payload of messages that did not map, as long as Kafka has it: they can then be mapped again later.

    Returns their number, at most `MESSAGES`. Raises `BrokerError` and psycopg's errors.
    """
    values = {"topic": settings.kafka.topic}
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        if connection.execute(_ANY_CUT.encode(), values).fetchone() is None:
            return 0
        values["first"] = json.dumps(kafka.first_offsets(settings.kafka, settings.kafka.topic))
        rows = connection.execute(_CUT_MESSAGES.encode(), values).fetchall()
        whole = completed(settings.kafka, [KeptRecord(*row) for row in rows])
        for record in whole:
            connection.execute(_KEEP.encode(), (record.value, *record.place))
    return len(whole)
