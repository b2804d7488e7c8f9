"""Events, orders, rejected records."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.models.common import Freshness, Model, Money, Page
from core.events import Currency, EventStatus, EventType, RejectReason

__all__ = ["Event", "EventPage", "OrderJourney", "RejectedPage", "RejectedRecord"]


class Event(Model):
    """A row of `events_clean`."""

    id: str
    event_time: datetime
    event_type: EventType
    order_id: str = Field(examples=["ORD123456"])
    user_id: str = Field(examples=["USR1234"])
    amount: Money
    currency: Currency
    status: EventStatus
    ingest_time: datetime = Field(description="When the row was written.")


class EventPage(Page):
    """Events, the newest event time first."""

    items: list[Event]


class OrderJourney(Freshness):
    """All events of one order, the oldest first."""

    order_id: str
    outcome: Literal["created", "initiated", "paid", "failed", "cancelled"] = Field(
        description="What the newest event says of the order."
    )
    events: list[Event]
    truncated: bool = Field(description="Whether the order has more events than are shown.")


class RejectedRecord(Model):
    """A record that broke a rule. `payload` is what it held, decoded with U+FFFD for what is no UTF-8."""

    topic: str
    partition: int
    offset: int
    kafka_time: datetime
    reason: RejectReason
    detail: str | None
    payload: str | None = Field(description="Null where the record had no value.")
    payload_bytes: int
    payload_truncated: bool = Field(description="Whether only the beginning is shown.")
    rejected_at: datetime
    replayed_at: datetime | None = Field(description="When the batch layer judged it anew and admitted it.")


class RejectedPage(Page):
    """Rejected records, the newest first."""

    items: list[RejectedRecord]
