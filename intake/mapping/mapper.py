"""A payload's events.

The id of an event is a UUIDv5 (RFC 9562) of source, object and state. A message that is sent again, and two
messages about one payment, give the same id, so the stream counts the event once.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.clock import to_iso8601
from core.events import DIMENSIONS, UNKNOWN, EventType
from intake import exact_json
from intake.mapping.errors import UnmappedError
from intake.mapping.expression import find
from intake.mapping.payload import Document, document
from intake.mapping.source import NO_EVENT, Rule, Source
from intake.received import Received

NAMESPACE = uuid.UUID("5f0c8a4e-3c63-4c1b-9a57-6d1f2b7e9c10")
"""The namespace of all ids that are made here. Another value would make every event a new one."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The fields of one event, and the rule that made it; `amount` is a `Decimal`."""

    fields: dict[str, Any]
    rule: Rule

    @property
    def key(self) -> bytes:
        """The record's key: the order's id."""
        return str(self.fields["orderId"]).encode()

    @property
    def value(self) -> bytes:
        """The record: JSON of the fields."""
        return exact_json.dumps(self.fields)


def stable_id(*parts: str) -> str:
    """The UUIDv5 of a list of texts."""
    return str(uuid.uuid5(NAMESPACE, json.dumps(parts, ensure_ascii=True)))


def content_id(source: str, content: bytes) -> bytes:
    """The key of a record that names no order: the same whenever the same content is sent again."""
    return stable_id(source, hashlib.sha256(content).hexdigest()).encode()


def map_request(source: Source, received: Received, received_at: datetime | None) -> list[Mapped]:
    """The events of a request; none if the source ignores it, or if it repeats what an earlier one reported.

    `received_at` is None for a message from a file. Then `recent` does not apply, because nothing earlier may have been
    received, and `default: received` gives no time. Raises `UnmappedError` if the source does not understand the message.
    """
    found = document(source, received)
    message = source.message.read(found, "message")
    if message not in source.messages:
        if source.ignores(message):
            return []
        raise UnmappedError("unknown_message", f"the source has no rule for the message '{message[:60]}'")
    events = [
        event for rule in source.messages[message] for event in _events(source, rule, found, received_at)
    ]
    for event in events:
        try:
            event.value.decode()
            event.key.decode()
        except ValueError:
            raise UnmappedError("not_utf8", "a text contains half of a character") from None
    return events


def _events(source: Source, rule: Rule, found: Document, received_at: datetime | None) -> Iterator[Mapped]:
    items = [None] if rule.each is None else find(rule.each, found) or []
    if not isinstance(items, list):
        raise UnmappedError("expression_failed", f"`{rule.each.expression}` does not find a list")
    for item in items:
        event = _event(source, rule, found | {"item": item}, received_at)
        if event is not None:
            yield event


def _event(source: Source, rule: Rule, found: Document, received_at: datetime | None) -> Mapped | None:
    if rule.when is not None and not _is_true(find(rule.when, found)):
        return None
    kind = rule.event.read(found, "event")
    if kind == NO_EVENT:
        return None
    happened_at = rule.eventTime.read(found, "eventTime", received_at)
    if rule.recent is not None and received_at is not None:
        told_at = rule.recent.read(found, "recent", received_at)
        if told_at - happened_at > timedelta(seconds=rule.recent.within_s):
            return None
    currency = rule.currency.read(found, "currency")
    about = [part.read(found, "id") for part in rule.id]
    return Mapped(
        {
            "id": stable_id(source.name, *about, rule.state or kind),
            "eventTime": to_iso8601(happened_at),
            "eventType": kind,
            "orderId": rule.orderId.read(found, "orderId"),
            "userId": rule.userId.read(found, "userId"),
            "amount": rule.amount.read(found, currency),
            "currency": currency,
            "status": EventType(kind).status.value,
            **_optional(rule, found),
        },
        rule,
    )


def _optional(rule: Rule, found: Document) -> dict[str, str]:
    """The optional fields that are known. One that cannot be read is left out: the event is right without it."""
    values = {}
    for dimension in DIMENSIONS:
        part = getattr(rule, dimension.name)
        if part is None:
            continue
        try:
            values[dimension.name] = dimension.read(part.read(found, dimension.name))
        except UnmappedError:
            continue
    return {name: value for name, value in values.items() if value != UNKNOWN}


def _is_true(found: Any) -> bool:
    """JMESPath's own definition of true: everything but null, false and empty values."""
    return found is not None and found is not False and found not in ("", [], {})
