"""Records that break a rule on purpose: at least one mutator for every `RejectReason`.

A mutator takes a valid event and returns the bytes of a record that must be rejected for
exactly its reason (the first that applies, in the order of `core.events.RejectReason`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson

from core.clock import to_iso8601
from core.events import (
    FIELDS,
    FUTURE_LIMIT,
    LATENESS_LIMIT,
    MAX_ID_LENGTH,
    MAX_RECORD_BYTES,
    RejectReason,
)

Event = dict[str, Any]
Mutate = Callable[[Event, datetime], bytes | None]


@dataclass(frozen=True, slots=True)
class Mutator:
    """One way to break a record. `mutate` takes a valid event and the time now."""

    name: str
    reason: RejectReason
    mutate: Mutate


def break_event(rng: Random, event: Event, now: datetime) -> tuple[bytes | None, Mutator]:
    """A record made invalid, and the mutator. Every reason is equally likely."""
    mutator = rng.choice(_BY_REASON[rng.choice(_REASONS)])
    return mutator.mutate(event, now), mutator


def _set(**values: Any) -> Mutate:
    return lambda event, _now: orjson.dumps(event | values)


def _without(name: str) -> Mutate:
    return lambda event, _now: orjson.dumps({key: value for key, value in event.items() if key != name})


def _literal(name: str, text: str) -> Mutate:
    """Put `text` in place of the JSON value of the field `name`."""
    mark = "\N{REPLACEMENT CHARACTER}"

    def mutate(event: Event, _now: datetime) -> bytes:
        return orjson.dumps(event | {name: mark}).replace(orjson.dumps(mark), text.encode())

    return mutate


def _bytes_in(name: str, raw: bytes) -> Mutate:
    """Put `raw` inside the string that is the value of the field `name`."""
    mark = "\N{REPLACEMENT CHARACTER}"

    def mutate(event: Event, _now: datetime) -> bytes:
        return orjson.dumps(event | {name: f"{event[name]}{mark}"}).replace(mark.encode(), raw)

    return mutate


def _text(change: Callable[[bytes], bytes | None]) -> Mutate:
    return lambda event, _now: change(orjson.dumps(event))


def _constant(value: bytes | None) -> Mutate:
    return lambda _event, _now: value


def _at(offset: timedelta) -> Mutate:
    return lambda event, now: orjson.dumps(event | {"eventTime": to_iso8601(now + offset)})


def _time(template: str) -> Mutate:
    return lambda event, now: orjson.dumps(event | {"eventTime": now.strftime(template)})


_NAMES = tuple(field.name for field in FIELDS)
_TOO_LONG = "x" * (MAX_ID_LENGTH + 1)
_HUGE = "x" * 9_600
_WAYS: dict[RejectReason, dict[str, Mutate]] = {
    RejectReason.TOO_LARGE: {
        "long_note": _set(note="x" * MAX_RECORD_BYTES),
    },
    RejectReason.NOT_UTF8: {
        "latin_1": _bytes_in("userId", b"\xe9"),
        "lone_continuation": _bytes_in("orderId", b"\x80"),
        "cut_sequence": _bytes_in("id", b"\xe2\x82"),
        "overlong": _bytes_in("userId", b"\xc0\xaf"),
        "surrogate": _bytes_in("userId", b"\xed\xa0\x80"),
        "not_text": _constant(b"\xff\xfe\x00\x01\x9c"),
    },
    RejectReason.NOT_JSON: {
        "tombstone": _constant(None),
        "empty": _constant(b""),
        "blank": _constant(b"  \n "),
        "word": _constant(b"hello"),
        "cut": _text(lambda text: text[: len(text) // 2]),
        "trailing_text": _text(lambda text: text + b" trailing"),
        "two_objects": _text(lambda text: text + text),
        "trailing_comma": _text(lambda text: text[:-1] + b",}"),
        "single_quotes": _text(lambda text: text.replace(b'"', b"'")),
        "unquoted_name": _text(lambda text: text.replace(b'"id"', b"id", 1)),
        "comment": _text(lambda text: b"/* an event */" + text),
        "nan": _literal("amount", "NaN"),
        "infinity": _literal("amount", "Infinity"),
        "minus_infinity": _literal("amount", "-Infinity"),
        "leading_zero": _literal("amount", "007"),
        "plus_sign": _literal("amount", "+1"),
        "raw_newline": _bytes_in("userId", b"\n"),
        "raw_nul": _bytes_in("userId", b"\x00"),
    },
    RejectReason.NOT_AN_OBJECT: {
        "array": _text(lambda text: b"[" + text + b"]"),
        "string": _text(lambda text: orjson.dumps(text.decode())),
        "number": _constant(b"42"),
        "null": _constant(b"null"),
        "true": _constant(b"true"),
    },
    RejectReason.MISSING_FIELD: {
        **{f"no_{name}": _without(name) for name in _NAMES},
        **{f"null_{name}": _set(**{name: None}) for name in _NAMES},
        "empty_object": _constant(b"{}"),
    },
    RejectReason.WRONG_TYPE: {
        "amount_in_quotes": _set(amount="12.50"),
        "amount_true": _set(amount=True),
        "amount_object": _set(amount={"value": 1}),
        "time_epoch": _literal("eventTime", "1767225600"),
        "time_epoch_fraction": _literal("eventTime", "1767225600.5"),
        "id_number": _set(id=7),
        "order_number": _set(orderId=123456),
        "user_array": _set(userId=["USR1234"]),
        "type_number": _set(eventType=1),
        "currency_number": _set(currency=704),
        "status_true": _set(status=True),
    },
    RejectReason.BAD_CHARACTER: {
        f"nul_in_{name}": _bytes_in(name, rb"\u0000") for name in _NAMES if name != "amount"
    },
    RejectReason.BAD_LENGTH: {
        "empty_id": _set(id=""),
        "blank_id": _set(id=" \t "),
        "long_id": _set(id=_TOO_LONG),
        "huge_id": _set(id=_HUGE),
        "empty_order": _set(orderId=""),
        "long_order": _set(orderId=_TOO_LONG),
        "huge_order": _set(orderId=_HUGE),
        "empty_user": _set(userId=""),
        "long_user": _set(userId=_TOO_LONG),
    },
    RejectReason.NOT_ALLOWED: {
        "unknown_type": _set(eventType="order_teleported"),
        "type_with_blank": _set(eventType="order_created "),
        "unknown_currency": _set(currency="XXX"),
        "currency_lower_case": _set(currency="usd"),
        "empty_currency": _set(currency=""),
        "unknown_status": _set(status="done"),
    },
    RejectReason.BAD_EVENT_TIME: {
        "no_zone": _time("%Y-%m-%dT%H:%M:%S"),
        "bare_date": _time("%Y-%m-%d"),
        "blank_for_t": _time("%Y-%m-%d %H:%M:%SZ"),
        "epoch_in_quotes": _set(eventTime="1767225600"),
        "month_13": _time("%Y-13-%dT%H:%M:%SZ"),
        "february_30": _time("%Y-02-30T%H:%M:%SZ"),
        "hour_24": _time("%Y-%m-%dT24:00:00Z"),
        "far_offset": _time("%Y-%m-%dT%H:%M:%S+15:00"),
        "words": _set(eventTime="yesterday at noon"),
        "empty": _set(eventTime=""),
    },
    RejectReason.AMOUNT_NEGATIVE: {
        "minus_one": _set(amount=-1),
        "minus_a_cent": _set(amount=-0.01),
    },
    RejectReason.AMOUNT_TOO_PRECISE: {
        "three_decimals": _set(amount=1.239),
        "a_tenth_of_a_cent": _literal("amount", "0.001"),
        "exponent": _literal("amount", "12e-4"),
    },
    RejectReason.AMOUNT_TOO_LARGE: {
        "sixteen_digits": _literal("amount", "10000000000000.00"),
        "fifty_digits": _literal("amount", "9" * 50),
        "beyond_double": _literal("amount", "1e400"),
    },
    RejectReason.LATE: {
        "six_minutes": _at(-LATENESS_LIMIT - timedelta(minutes=1)),
        "two_days": _at(timedelta(days=-2)),
        "epoch": _set(eventTime="1970-01-01T00:00:00Z"),
    },
    RejectReason.FUTURE: {
        "an_hour": _at(FUTURE_LIMIT + timedelta(hours=1)),
        "in_2099": _set(eventTime="2099-01-01T00:00:00Z"),
        "in_9999": _set(eventTime="9999-12-31T23:59:59.999999Z"),
    },
}

_BY_REASON = {
    reason: tuple(Mutator(f"{reason.value}.{name}", reason, mutate) for name, mutate in ways.items())
    for reason, ways in _WAYS.items()
}
_REASONS = tuple(_BY_REASON)

MUTATORS = tuple(mutator for mutators in _BY_REASON.values() for mutator in mutators)
"""Every way to break a record, each named `<reason>.<what>`."""
