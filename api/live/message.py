"""Messages as they go over the wire: server-sent events (WHATWG HTML, section 9.2)."""

from dataclasses import dataclass
from typing import Literal, get_args

from api.models.common import RangeName

__all__ = ["RESYNC", "TOPICS", "Message", "Question", "Topic", "wire"]

Topic = Literal["kpi", "windows", "events", "health"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
"""What a client may ask for; `beat` and `resync` go to everybody."""

Name = Literal["kpi", "windows", "events", "health", "beat", "resync"]
RESYNC = b"{}"
"""Nothing to say, but an event without data is never dispatched."""


@dataclass(frozen=True, slots=True)
class Question:
    """A range and the time zone in which its days begin."""

    range: RangeName
    time_zone: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message, encoded once for all who get it. `question`: which range a `kpi` is of."""

    number: int
    name: Name
    data: bytes
    question: Question | None = None


def wire(hub_id: str, number: int, name: Name, body: bytes) -> bytes:
    """A server-sent event; `body` is JSON in one line."""
    return b"id: %s-%d\nevent: %s\ndata: %s\n\n" % (hub_id.encode(), number, name.encode(), body)
