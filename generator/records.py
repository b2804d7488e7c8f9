"""A record with its kind and expected verdict."""

from enum import StrEnum
from typing import NamedTuple

from core.events import RejectReason


class Kind(StrEnum):
    """What the producer knows about a record; of `replayed` ones it does not know the verdict."""

    VALID = "valid"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    REPLAYED = "replayed"


class Record(NamedTuple):
    """One Kafka record. `event_id` is None if the value has none, `reason` if no rejection is expected."""

    key: bytes | None
    value: bytes | None
    kind: Kind
    event_id: str | None
    reason: RejectReason | None = None
