"""The contract's verdict on a mapped event, field by field, by its JSON Schema."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

from jsonschema import Draft202012Validator

from core.events import AMOUNT_SCALE, DIMENSIONS, FIELDS, FUTURE_LIMIT, LATENESS_LIMIT
from core.schemas import event_schema
from core.sources import Timing
from intake.mapping.mapper import Mapped
from intake.mapping.source import Rule

NOTES: dict[Timing, str] = {
    "late": f"if sent now, it would be late: more than {LATENESS_LIMIT} ago",
    "future": f"if sent now, it would be in the future: more than {FUTURE_LIMIT} ahead",
}


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """One field. `fault` is None if the contract accepts it; `timing` is how its time would be judged if it came now.

    `origin`: the expressions or fields that it comes from; empty if the source fixes it.
    """

    name: str
    value: str
    origin: tuple[str, ...]
    fault: str | None = None
    timing: Timing | None = None

    @property
    def note(self) -> str | None:
        """`timing` in words."""
        return None if self.timing is None else NOTES[self.timing]


def verdicts(event: Mapped, now: datetime, currencies: tuple[str, ...]) -> list[FieldVerdict]:
    """The verdict on each field of the event, in a shop with these currencies; of the optional ones those that are known."""
    rules = _validators(currencies)
    required = [_verdict(event, field.name, rules[field.name], now) for field in FIELDS]
    optional = [each.name for each in DIMENSIONS if each.name in event.fields]
    return required + [FieldVerdict(name, event.fields[name], _origin(event.rule, name)) for name in optional]


@cache
def _validators(currencies: tuple[str, ...]) -> dict[str, Draft202012Validator]:
    schema = json.loads(json.dumps(event_schema(currencies)))["properties"]  # plain texts, for messages
    return {field.name: Draft202012Validator(schema[field.name]) for field in FIELDS}


def _verdict(event: Mapped, name: str, rules: Draft202012Validator, now: datetime) -> FieldVerdict:
    value, origin = event.fields[name], _origin(event.rule, name)
    shown = str(value)
    if isinstance(value, Decimal):
        shown = format(value, "f")
        smallest_units = value.scaleb(AMOUNT_SCALE)
        if smallest_units != smallest_units.to_integral_value():
            return FieldVerdict(name, shown, origin, f"has more than {AMOUNT_SCALE} decimals")
        value = float(value)
    fault = next((error.message for error in rules.iter_errors(value)), None)
    timing = _timing(shown, now) if name == "eventTime" and fault is None else None
    return FieldVerdict(name, shown, origin, fault, timing)


def _origin(rule: Rule, name: str) -> tuple[str, ...]:
    """Where the rule takes a field from."""
    if name == "status":
        return ("eventType",)
    parts = rule.id if name == "id" else (getattr(rule, "event" if name == "eventType" else name),)
    return tuple(part.path.expression for part in parts if part.path is not None)


def _timing(text: str, now: datetime) -> Timing | None:
    age = now - datetime.fromisoformat(text)
    if age > LATENESS_LIMIT:
        return "late"
    return "future" if -age > FUTURE_LIMIT else None
