"""The contract's verdict on a mapped event, field by field, by its JSON Schema."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator

from core.events import AMOUNT_SCALE, FIELDS, FUTURE_LIMIT, LATENESS_LIMIT
from core.schemas import event_schema
from intake.mapping.mapper import Mapped


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """One field. `fault` is None if the contract accepts it; `note` is about its time, which depends on now."""

    name: str
    value: str
    fault: str | None = None
    note: str | None = None


def verdicts(event: Mapped, now: datetime, currencies: Collection[str]) -> list[FieldVerdict]:
    """The verdict on each field of the event, in a shop with these currencies."""
    schema = json.loads(json.dumps(event_schema(currencies)))[
        "properties"
    ]  # enumerations as plain texts, for messages
    return [_verdict(field.name, event.fields[field.name], schema[field.name], now) for field in FIELDS]


def _verdict(name: str, value: Any, rules: dict[str, Any], now: datetime) -> FieldVerdict:
    shown = str(value)
    if isinstance(value, Decimal):
        shown = format(value, "f")
        if value != round(value, AMOUNT_SCALE):
            return FieldVerdict(name, shown, f"has more than {AMOUNT_SCALE} decimals")
        value = float(value)
    faults = [error.message for error in Draft202012Validator(rules).iter_errors(value)]
    note = _note(shown, now) if name == "eventTime" and not faults else None
    return FieldVerdict(name, shown, faults[0] if faults else None, note)


def _note(text: str, now: datetime) -> str | None:
    """What would become of the time if the event were sent now."""
    age = now - datetime.fromisoformat(text)
    if age > LATENESS_LIMIT:
        return f"sent now it would be late: more than {LATENESS_LIMIT} ago"
    if -age > FUTURE_LIMIT:
        return f"sent now it would be from the future: more than {FUTURE_LIMIT} ahead"
    return None
