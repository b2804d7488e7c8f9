"""A source: what a sender sends, how it signs, and where each field of an event is. The model of `sources/*.yaml`."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from core.events import EventType
from core.sources import NAME_PATTERN
from intake.mapping.expression import Expression
from intake.mapping.values import AmountField, Moment, MomentField, Part, Text, TextField
from intake.signatures import Signature

NAME = re.compile(NAME_PATTERN)
NAME_RULE = "begins with a letter and has lower-case letters, digits and dashes, 39 characters at most"
"""`NAME` in words."""

NO_EVENT = "none"
"""In a table of result codes: this one makes no event."""

EVENTS = frozenset({*EventType, NO_EVENT})


def _pattern(text: str | None) -> str | None:
    if text is not None:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"'{text}' is not a regular expression: {error}") from None
    return text


def _fixed_event(value: object) -> object:
    return {"value": value} if isinstance(value, str) else value


def _of_one(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


def _known_event(text: Text) -> Text:
    named = [text.value, text.default, *text.table.values()]
    if unknown := sorted({name for name in named if name is not None and name not in EVENTS}):
        raise ValueError(f"there is no event {', '.join(unknown)}; there are {', '.join(sorted(EVENTS))}")
    return text


class Recent(Moment):
    """No event if its time is more than `within_s` seconds before this one: an earlier message reported it."""

    within_s: float = Field(gt=0)


class Rule(Part):
    """One event that a message may give.

    `when`: only if this is true. `each`: one event for each element, which is `item` in the expressions. `id`: what the
    event is about; together with the source's name and `state` it makes the event's id, so that every message
    about the same fact gives the same event.
    """

    event: Annotated[Text, BeforeValidator(_fixed_event), AfterValidator(_known_event)]
    when: Expression = None
    each: Expression = None
    orderId: TextField  # noqa: N815  # the contract's own name
    userId: TextField  # noqa: N815
    amount: AmountField
    currency: TextField
    eventTime: MomentField  # noqa: N815
    paymentMethod: TextField | None = None  # noqa: N815
    channel: TextField | None = None
    country: TextField | None = None
    failureReason: TextField | None = None  # noqa: N815
    id: Annotated[tuple[TextField, ...], BeforeValidator(_of_one), Field(min_length=1)]
    state: str | None = None
    recent: Recent | None = None


class Answer(Part):
    """A response: a status, and a JSON object if the sender expects one."""

    status: int = Field(200, ge=200, le=599)
    body: dict[str, Any] | None = None


class Answers(Part):
    """The response that the sender expects for each outcome."""

    accepted: Answer = Answer()
    refused: Answer = Answer(status=401)
    unavailable: Answer = Answer(status=503)

    @model_validator(mode="after")
    def _fit(self) -> "Answers":
        if self.accepted.status >= 300:
            raise ValueError("`accepted` must have a status from 200 to 299")
        if self.refused.status != 401 or self.unavailable.status != 503:
            raise ValueError(
                "the statuses of `refused` and `unavailable` must be 401 and 503; only their bodies may differ"
            )
        return self


class Source(Part):
    """One kind of sender. `name` is that of its file."""

    name: str
    title: str
    setup: tuple[str, ...] = Field(description="What a person does in the sender's settings, step by step.")
    setup_vi: tuple[str, ...] = Field((), description="The same in Vietnamese, for the dashboard.")
    signature: Signature
    method: Literal["POST", "GET"] = "POST"
    payload: Literal["json", "form", "query"] = "json"
    headers: tuple[str, ...] = ()
    json_within: tuple[str, ...] = ()
    ping: Annotated[str | None, AfterValidator(_pattern)] = None
    message: TextField
    messages: Annotated[dict[str, tuple[Rule, ...]], Field(min_length=1)]
    ignore: tuple[str, ...] = ()
    answers: Answers = Answers()

    @model_validator(mode="before")
    @classmethod
    def _complete_rules(cls, data: Any) -> Any:
        """Give each rule the fields that apply to all."""
        if isinstance(data, Mapping):
            fields, messages = data.get("fields") or {}, data.get("messages")
            if isinstance(fields, Mapping) and isinstance(messages, Mapping):
                completed = {name: _completed(rules, fields) for name, rules in messages.items()}
                kept = {key: value for key, value in data.items() if key != "fields"}
                return kept | {"messages": completed}
        raise ValueError("a source must be a mapping, and so must its `fields` and `messages`")

    @model_validator(mode="after")
    def _agrees(self) -> "Source":
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a name {NAME_RULE}")
        if (self.payload == "query") != (self.method == "GET"):
            raise ValueError("`payload: query` goes with `method: GET`")
        if self.setup_vi and len(self.setup_vi) != len(self.setup):
            raise ValueError("`setup_vi` must have as many steps as `setup`")
        if any(header != header.lower() for header in self.headers):
            raise ValueError("`headers` must be in lower case")
        return self

    def ignores(self, message: str) -> bool:
        """Whether messages of that name are not about orders and payments."""
        return any(fnmatchcase(message, pattern) for pattern in self.ignore)

    def is_ping(self, body: bytes) -> bool:
        """Whether the body is the sender's unsigned test request."""
        return self.ping is not None and re.fullmatch(self.ping, body.decode("latin-1")) is not None


def _completed(rules: Any, fields: Mapping[str, Any]) -> Any:
    if isinstance(rules, list):
        return [{**fields, **rule} if isinstance(rule, Mapping) else rule for rule in rules]
    raise ValueError("each of `messages` must have a list of events")
