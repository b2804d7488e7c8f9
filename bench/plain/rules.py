"""The plain consumer's verdict on a record: fast Python, without reasons.

Accepts and rejects the same records as the contract.
"""

import re
from datetime import datetime
from math import isfinite
from typing import Any

import orjson

from core.currencies import DEFAULT_CURRENCIES
from core.events import (
    AMOUNT_PRECISION,
    AMOUNT_SCALE,
    DIMENSIONS,
    EVENT_TIME_PATTERN,
    FUTURE_LIMIT,
    LATENESS_LIMIT,
    MAX_ID_LENGTH,
    MAX_RECORD_BYTES,
    WHITESPACE,
    EventStatus,
    EventType,
)

Row = tuple[str, str, str, str, str, int | float, str, str, str, str, str, str]
"""A row of `events_clean` in the order of its columns, without `ingest_time`."""

AMOUNT_LIMIT = 10 ** (AMOUNT_PRECISION - AMOUNT_SCALE)
TYPES, CURRENCIES, STATES = frozenset(EventType), frozenset(DEFAULT_CURRENCIES), frozenset(EventStatus)
_EVENT_TIME = re.compile(EVENT_TIME_PATTERN)


def validate(value: bytes | None, kafka_time: datetime) -> Row | None:
    """The row of a valid record, else None."""
    if len(value or b"") > MAX_RECORD_BYTES:
        return None
    try:
        event = orjson.loads(value or b"")
        row = _row(event)
        when = datetime.fromisoformat(row[1])
        on_time = -LATENESS_LIMIT <= when - kafka_time <= FUTURE_LIMIT
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    return row if on_time and _plausible(row) else None


def _row(event: Any) -> Row:
    row: Row = (
        event["id"].strip(WHITESPACE) if isinstance(event["id"], str) else "",
        event["eventTime"],
        event["eventType"],
        event["orderId"],
        event["userId"],
        event["amount"],
        event["currency"],
        event["status"],
        *(dimension.read(event.get(dimension.name)) for dimension in DIMENSIONS),
    )
    return row


def _plausible(row: tuple[Any, ...]) -> bool:
    event_id, time, kind, order, user, amount, currency, status, *_ = row
    return bool(
        0 < len(event_id) <= MAX_ID_LENGTH
        and isinstance(order, str)
        and 0 < len(order) <= MAX_ID_LENGTH
        and isinstance(user, str)
        and 0 < len(user) <= MAX_ID_LENGTH
        and _EVENT_TIME.fullmatch(time) is not None
        and kind in TYPES
        and currency in CURRENCIES
        and status in STATES
        and _is_money(amount)
        and "\x00" not in event_id + order + user
    )


def _is_money(amount: Any) -> bool:
    return (
        amount.__class__ in (int, float)
        and isfinite(amount)
        and 0 <= amount < AMOUNT_LIMIT
        and round(amount, AMOUNT_SCALE) == amount
    )
