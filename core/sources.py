"""What intake tells the API about its sources, the API the dashboard, and intake the batch layer: one definition for all."""

from datetime import datetime
from typing import Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

PATH = "/internal/sources"
"""Where intake answers the API. A reverse proxy forwards `/v1/` only, and each request needs the internal key."""

NAME_PATTERN = r"^[a-z][a-z0-9-]{0,38}$"
"""Of a source's name."""

SOURCE_HEADER = "orderpulse-source"
"""Of a record: the source or sender that it came from."""

REASON_HEADER, DETAIL_HEADER = "orderpulse-reason", "orderpulse-detail"
"""Of a message that did not map: why."""

SENT_HEADER = "orderpulse-header-"
"""Before the name of each header that the source's expressions read: with them a message can be mapped again."""

REASON_PATTERN = r"^[a-zA-Z0-9_]{1,60}$"
LONGEST_DETAIL = 500
"""Characters of a detail."""

MAX_REQUEST_BYTES = 256 * 1024
"""Of a request to it."""

Timing = Literal["late", "future"]
FailedOutcome = Literal["unmapped", "rejected"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeptMessage(_Model):
    """A message to map again: a line on the standard input of `python -m intake map`, in JSON."""

    source: str
    content: Base64Bytes = Field(description="The body, or the query.")
    headers: dict[str, str]
    received_at: datetime


class MappedMessage(_Model):
    """What its source makes of it now: a line on the standard output, in the same order."""

    events: list[str] = Field(
        [], description="Each as JSON; none if it does not map, or is about no order or payment."
    )
    reason: str | None = Field(None, description="Why it does not map, for programs.")
    detail: str | None = None


class LastHour(_Model):
    """Counts of the last sixty minutes, or since intake started if that is later."""

    accepted: int = Field(0, description="Events that Kafka acknowledged and that fit the contract.")
    rejected: int = Field(
        0,
        description="Events that Kafka acknowledged and that break the contract, as judged on arrival: the stream rejects them.",
    )
    unmapped: int = Field(
        0, description="Messages from which the source made no event. They are kept as rejected records."
    )
    without_event: int = Field(
        0, description="Messages that are not about an order or a payment, or that repeat earlier news."
    )
    refused: int = Field(
        0,
        description="Requests turned away on arrival: signature, key, size, rate. Their content is not kept.",
    )


class Refusal(_Model):
    """The last request of a source that was refused."""

    at: datetime
    code: str = Field(description="The reason, for programs.", examples=["wrong"])
    detail: str


class SourceStatus(_Model):
    """One source: how to connect it, and what came from it since intake started."""

    name: str = Field(examples=["woocommerce"])
    title: str = Field(examples=["WooCommerce"])
    fault: str | None = Field(description="Why its file cannot be used; its other fields are empty then.")
    own: bool = Field(description="Whether it is the shop's own and not built in.")
    connected: bool = Field(description="Whether a secret is set or something was received.")
    secret_set: bool
    address: str = Field(description="Where the sender sends to.")
    method: Literal["POST", "GET"]
    payload: Literal["json", "form", "query"]
    headers: list[str] = Field(description="Headers of a message that its mapping reads.")
    steps: list[str] = Field(description="What to do in the sender's settings, in order.")
    steps_vi: list[str] = Field(description="The same in Vietnamese; empty if its file has none.")
    last_received_at: datetime | None = Field(description="When its last verified message arrived.")
    last_hour: LastHour
    last_refused: Refusal | None
    waiting: int | None = Field(
        description="Messages that did not map and wait to be mapped again; null while the database does not answer.",
    )


class SenderStatus(_Model):
    """A program that sends events to `/v1/events`, by the name of its key."""

    name: str = Field(examples=["shop"])
    last_received_at: datetime | None = Field(description="When its last events arrived.")
    received: int = Field(description="Events of the last hour that Kafka acknowledged.")
    rejected: int | None = Field(
        description="Events that the stream rejected in the last hour; null while the database does not answer.",
    )
    accepted: int | None = Field(description="The others; null likewise.")


class SourceList(_Model):
    """All sources, connected ones first, and the senders of events."""

    since: datetime = Field(description="When intake started: counts and lists begin then.")
    sources: list[SourceStatus]
    senders: list[SenderStatus] = Field(description="By name; each has a key, or sent something.")


class FailedMessage(_Model):
    """A message that did not become an accepted event. `payload` is untrusted text."""

    received_at: datetime
    outcome: FailedOutcome = Field(
        description="Whether the source made no event of it, or one that breaks the contract."
    )
    reason: str = Field(
        description="For programs. If it was rejected: the field, or `late` or `future`.",
        examples=["no_orderId"],
    )
    detail: str
    payload: str = Field(description="Its beginning.")
    payload_bytes: int = Field(description="Length of the whole message.")
    payload_truncated: bool = Field(description="Whether only the beginning is shown.")


class FailedMessages(_Model):
    """The newest messages of a source that did not become accepted events, newest first."""

    since: datetime = Field(description="When intake started: it knows no earlier ones; the database does.")
    limit: int = Field(description="Maximum number that is kept.")
    items: list[FailedMessage]


class TryRequest(_Model):
    """A message to try."""

    payload: str = Field(description="The body as it was sent, or the query.")
    headers: dict[str, str] = Field({}, description="Headers of the message, by name.")


class TriedField(_Model):
    """One field of an event, and the contract's verdict on it."""

    name: str = Field(examples=["amount"])
    value: str = Field(examples=["129.95"])
    origin: list[str] = Field(
        description="Where it comes from: expressions, or names of other fields; empty if the source fixes it.",
        examples=[["body.total"]],
    )
    fault: str | None = Field(description="Why the contract rejects it; null if it does not.")
    timing: Timing | None = Field(description="How its time would be judged if it were sent now.")


class TriedEvent(_Model):
    """One event that the message gives."""

    accepted: bool = Field(description="Whether the contract accepts all fields.")
    fields: list[TriedField]


class TryResult(_Model):
    """What a message would give. Nothing was sent or kept."""

    outcome: Literal["events", "without_event", "unmapped"]
    reason: str | None = Field(description="Why it does not map, for programs.")
    detail: str | None = Field(description="The same in words.")
    events: list[TriedEvent]
