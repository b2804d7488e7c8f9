"""What the generator hands to Kafka, and what it claims to be."""

from enum import StrEnum
from typing import NamedTuple

from core.events import RejectReason

__all__ = ["Kind", "Record"]


class Kind(StrEnum):
    """What a record is, as its producer knows it; `replayed` is not judged by the generator."""

    VALID = "valid"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    REPLAYED = "replayed"


class Record(NamedTuple):
    """One Kafka record. `event_id` is None where the value holds none, `reason` where none is expected."""

    key: bytes | None
    value: bytes | None
    kind: Kind
    event_id: str | None
    reason: RejectReason | None = None
