"""Events, orders, rejected records."""

from datetime import datetime

from pydantic import Field

from api.models.common import Freshness, Model, Money, Page
from core.events import EventStatus, EventType, Outcome, RejectReason


class Event(Model):
    """A row of `events_clean`."""

    id: str
    event_time: datetime
    event_type: EventType
    order_id: str = Field(examples=["ORD123456"])
    user_id: str = Field(examples=["USR1234"])
    amount: Money
    currency: str = Field(description="ISO 4217.", examples=["VND"])
    status: EventStatus
    ingest_time: datetime = Field(description="When the row was written.")
    payment_method: str = Field(description="Empty if unknown.", examples=["card"])
    channel: str = Field(description="Empty if unknown.", examples=["web"])
    country: str = Field(description="ISO 3166-1 alpha-2. Empty if unknown.", examples=["VN"])
    failure_reason: str = Field(description="Empty if unknown.", examples=["insufficient_funds"])


class EventPage(Page):
    """Events, newest event time first."""

    items: list[Event]


class OrderJourney(Freshness):
    """All events of one order, oldest first."""

    order_id: str
    outcome: Outcome = Field(description="Outcome of the order by its newest event.")
    events: list[Event]
    truncated: bool = Field(description="Whether the order has more events than are shown.")


class RejectedRecord(Model):
    """A record that broke a rule. `payload` is its value, decoded with U+FFFD for invalid UTF-8."""

    topic: str
    partition: int
    offset: int
    kafka_time: datetime
    reason: RejectReason
    detail: str | None
    payload: str | None = Field(description="Null if the record had no value.")
    payload_bytes: int = Field(description="Length of the whole value.")
    payload_truncated: bool = Field(description="Whether only the beginning is shown.")
    payload_sha256: str | None = Field(
        description="SHA-256 of the whole value if only its beginning is stored; Kafka has the rest for a day."
    )
    rejected_at: datetime
    replayed_at: datetime | None = Field(
        description="When the batch layer validated it again and admitted it."
    )
    source: str | None = Field(description="The source or sender that intake received it from.")
    unmapped_reason: str | None = Field(
        description="Why its source made no event of it, when it was last mapped, for programs.",
        examples=["no_orderId"],
    )


class RejectedPage(Page):
    """Rejected records, newest first."""

    items: list[RejectedRecord]
