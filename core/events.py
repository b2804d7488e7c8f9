"""The event contract: fields, types, enumerations, limits and reasons for rejection.

Sections 1 and 2 of the contract, as data. All other code about the event is
built from this module or tested against it: the Spark rules (`spark_jobs.rules.validate`),
the generator, the JSON Schema and the AsyncAPI document (`core.schemas`).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Literal, Self

from core.currencies import DEFAULT_CURRENCIES

SCHEMA_VERSION = 1

MAX_RECORD_BYTES = 1024 * 1024
"""A record with a larger value, once decompressed, is rejected before it is parsed."""

STORED_PAYLOAD_BYTES = 4096
"""Stored bytes of a rejected payload; of a longer one, its length and SHA-256 are stored too."""

MAX_ID_LENGTH = 50
"""Longest `id`, `orderId` and `userId`, in characters (Unicode code points)."""

WHITESPACE = " \t\n\r\f\v"
"""What is trimmed from both ends of `id`."""

AMOUNT_PRECISION, AMOUNT_SCALE = 15, 2
"""`amount` fits DECIMAL(15,2)."""

MAX_DIMENSION_LENGTH = 30
DIMENSION_CHARACTERS = "A-Za-z0-9_.-"
"""What the value of an optional field is made of, once trimmed; any other value is unknown."""

UNKNOWN = ""
"""The stored value of an optional field that is unknown."""

EVENT_TIME_PATTERN = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
"""ISO-8601 date, time and zone (RFC 3339 with a capital T and Z), kept to the microsecond."""

LATENESS_LIMIT = timedelta(minutes=5)
"""An event further behind its Kafka time than this is rejected as `late`."""

FUTURE_LIMIT = timedelta(minutes=1)
"""An event further ahead of its Kafka time than this is rejected as `future`."""

SPARK_WATERMARK_DELAY = LATENESS_LIMIT + FUTURE_LIMIT
"""An accepted event may trail another accepted one by both limits: Spark must wait for it. It is also how long Spark
remembers an `id`, in event time; after that only the primary key does.
"""


Outcome = Literal["created", "initiated", "paid", "failed", "cancelled"]


class EventStatus(StrEnum):
    """State of the payment after the event."""

    SUCCESS = "success"
    FAILED = "failed"
    PENDING = "pending"


class EventType(StrEnum):
    """The steps of an order's journey. To add one, add a line here and its KPIs in `core.kpis`."""

    ORDER_CREATED = "order_created", "Order created", EventStatus.PENDING, "created"
    PAYMENT_INITIATED = "payment_initiated", "Payment initiated", EventStatus.PENDING, "initiated"
    PAYMENT_SUCCESS = "payment_success", "Paid", EventStatus.SUCCESS, "paid"
    PAYMENT_FAILED = "payment_failed", "Payment failed", EventStatus.FAILED, "failed"
    ORDER_CANCELLED = "order_cancelled", "Order cancelled", EventStatus.FAILED, "cancelled"
    PAYMENT_REFUNDED = "payment_refunded", "Refunded", EventStatus.SUCCESS, "paid"

    label: str
    status: EventStatus
    """State of the payment after the step, as the generator sends it."""

    outcome: Outcome
    """Outcome of the order if this is its newest event."""

    def __new__(
        cls,
        value: str,
        label: str = "",
        status: EventStatus = EventStatus.PENDING,
        outcome: Outcome = "created",
    ) -> Self:
        """A member whose value is `value`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.status, member.outcome = label, status, outcome
        return member


class RejectReason(StrEnum):
    """Why a record is rejected. The first that applies, in this order, is recorded."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    BAD_CHARACTER = "bad_character"
    BAD_LENGTH = "bad_length"
    NOT_ALLOWED = "not_allowed"
    BAD_EVENT_TIME = "bad_event_time"
    AMOUNT_NEGATIVE = "amount_negative"
    AMOUNT_TOO_PRECISE = "amount_too_precise"
    AMOUNT_TOO_LARGE = "amount_too_large"
    LATE = "late"
    FUTURE = "future"

    @property
    def meaning(self) -> str:
        """One sentence for users."""
        return _MEANINGS[self]


_MEANINGS = {
    RejectReason.TOO_LARGE: f"The value is larger than {MAX_RECORD_BYTES:,} bytes once decompressed.",
    RejectReason.NOT_UTF8: "The bytes are not valid UTF-8.",
    RejectReason.NOT_JSON: "The text is not exactly one strict JSON value (RFC 8259).",
    RejectReason.NOT_AN_OBJECT: "The JSON value is not an object.",
    RejectReason.MISSING_FIELD: "A required field is absent or null.",
    RejectReason.WRONG_TYPE: "A field's JSON type differs from the contract's.",
    RejectReason.BAD_CHARACTER: "A string contains the character NUL, which PostgreSQL text cannot.",
    RejectReason.BAD_LENGTH: f"An identifier is empty or longer than {MAX_ID_LENGTH} characters.",
    RejectReason.NOT_ALLOWED: "A value is not in its enumeration.",
    RejectReason.BAD_EVENT_TIME: "eventTime is not an ISO-8601 date and time with a zone.",
    RejectReason.AMOUNT_NEGATIVE: "The amount is below zero.",
    RejectReason.AMOUNT_TOO_PRECISE: f"The amount has more than {AMOUNT_SCALE} decimals.",
    RejectReason.AMOUNT_TOO_LARGE: f"The amount does not fit DECIMAL({AMOUNT_PRECISION},{AMOUNT_SCALE}).",
    RejectReason.LATE: f"The event is more than {LATENESS_LIMIT} behind its Kafka time.",
    RejectReason.FUTURE: f"The event is more than {FUTURE_LIMIT} ahead of its Kafka time.",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the event and the rules on its value.

    `name` is the JSON key, `column` the column of `events_clean`. `kind` selects
    the rules that apply; `trimmed` and `allowed` refine it.
    """

    name: str
    column: str
    kind: Literal["identifier", "event_time", "enumeration", "amount"]
    description: str
    example: str | float
    trimmed: bool = False
    allowed: tuple[str, ...] = ()


FIELDS = (
    Field(
        "id",
        "id",
        "identifier",
        "Identity of the event for de-duplication, a UUID.",
        "7d5f3c1e-0d2b-4a57-9c3e-0f5b8a6f2c11",
        trimmed=True,
    ),
    Field(
        "eventTime",
        "event_time",
        "event_time",
        "When the event happened: ISO-8601 date, time and zone.",
        "2026-03-01T09:30:00.250000Z",
    ),
    Field(
        "eventType",
        "event_type",
        "enumeration",
        "The step of the order's journey.",
        EventType.PAYMENT_SUCCESS.value,
        allowed=tuple(EventType),
    ),
    Field("orderId", "order_id", "identifier", "The order; also the record's key.", "ORD123456"),
    Field("userId", "user_id", "identifier", "The customer.", "USR1234"),
    Field(
        "amount",
        "amount",
        "amount",
        "Money in units of the currency, at most two decimals.",
        129.95,
    ),
    Field(
        "currency",
        "currency",
        "enumeration",
        "ISO 4217 code; a setting lists those that are accepted.",
        "USD",
        allowed=DEFAULT_CURRENCIES,
    ),
    Field(
        "status",
        "status",
        "enumeration",
        "State of the payment.",
        EventStatus.SUCCESS.value,
        allowed=tuple(EventStatus),
    ),
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """An optional field: a string by which KPIs can be broken down. Never a reason to reject an event."""

    name: str
    column: str
    title: str
    description: str
    example: str
    upper: bool = False

    def read(self, value: object) -> str:
        """The stored value of a JSON value: trimmed and in one case, `UNKNOWN` if it is not one."""
        text = value.strip(WHITESPACE) if isinstance(value, str) else UNKNOWN
        if _DIMENSION.fullmatch(text) is None:
            return UNKNOWN
        return text.upper() if self.upper else text.lower()


_DIMENSION = re.compile(f"[{DIMENSION_CHARACTERS}]{{1,{MAX_DIMENSION_LENGTH}}}")

DIMENSIONS = (
    Dimension(
        "paymentMethod",
        "payment_method",
        "Payment method",
        "How it is paid: card, momo, cod and the like.",
        "card",
    ),
    Dimension("channel", "channel", "Channel", "Where the order was placed: web, app, store.", "web"),
    Dimension(
        "country", "country", "Country", "Country of the customer, ISO 3166-1 alpha-2.", "VN", upper=True
    ),
    Dimension(
        "failureReason",
        "failure_reason",
        "Failure reason",
        "Of payment_failed: the gateway's reason, in lower snake case.",
        "insufficient_funds",
    ),
)
"""In the order of their columns. Append new ones: the key of `kpi_1m_detail` follows."""


def fields_with(currencies: Collection[str]) -> tuple[Field, ...]:
    """`FIELDS` with the currencies of a shop."""
    return tuple(
        replace(field, allowed=tuple(currencies)) if field.name == "currency" else field for field in FIELDS
    )
