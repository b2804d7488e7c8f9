"""Rejected records from the database, completed from Kafka if only their beginning was stored."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from core.errors import BrokerError
from core.events import MAX_RECORD_BYTES
from core.logging import get_logger
from core.settings import KafkaSettings
from core.topic_facts import values_at

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
    def size(self) -> int:
        """Bytes of the whole value."""
        return self.payload_bytes or len(self.value or b"")

    @property
    def needs_rest(self) -> bool:
        """Whether the rest is missing and the whole value could be a valid event."""
        return self.payload_bytes is not None and self.payload_bytes <= MAX_RECORD_BYTES


def completed(kafka: KafkaSettings, records: Iterable[KeptRecord]) -> list[KeptRecord]:
    """The records with complete values, without those whose rest Kafka no longer has, or never had in this topic."""
    records = list(records)
    wanted = [
        (each.partition, each.offset) for each in records if each.needs_rest and each.topic == kafka.topic
    ]
    try:
        values = values_at(kafka, wanted)
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
