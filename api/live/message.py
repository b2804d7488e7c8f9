"""Messages on the wire: server-sent events (WHATWG HTML, section 9.2)."""

from dataclasses import dataclass
from typing import Literal, get_args

from api.models.common import RangeName

Topic = Literal["kpi", "windows", "events", "health"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
"""Messages that a client may request; `beat` and `resync` go to all."""

Name = Literal["kpi", "windows", "events", "health", "beat", "resync"]
RESYNC = b"{}"
"""Empty, because an event without data is never dispatched."""


@dataclass(frozen=True, slots=True)
class RangeKey:
    """A range and the time zone of its days."""

    range: RangeName
    time_zone: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message, encoded once for all clients. `range_key`: the range of a `kpi`."""

    number: int
    name: Name
    data: bytes
    range_key: RangeKey | None = None


def wire(hub_id: str, number: int, name: Name, body: bytes) -> bytes:
    """A server-sent event; `body` is JSON in one line."""
    return b"id: %s-%d\nevent: %s\ndata: %s\n\n" % (hub_id.encode(), number, name.encode(), body)
