"""The hub: numbers each message, keeps the last ones, and sends the same bytes to every client."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import uuid4

from api.live.message import RESYNC, Message, Name, RangeKey, wire
from api.live.ring import Ring
from api.live.subscriber import Audience, Subscriber
from core.errors import OrderpulseError
from core.logging import get_logger

LINGER_S = 30.0
"""How long data without listeners is kept up to date, for clients that reconnect."""

RING_SIZE = 1000
NEVER = float("-inf")
GREETING = b"retry: 2000\n\n"
STATES: tuple[Name, ...] = ("kpi", "health", "beat")

log = get_logger(__name__)


class HubFullError(OrderpulseError):
    """There are as many streams as the settings allow."""


class HubClosedError(OrderpulseError):
    """The API is stopping."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message to send: JSON in one line, and its range."""

    name: Name
    body: bytes
    range_key: RangeKey | None = None


class Hub:
    """The clients and their messages. For one event loop; nothing here blocks."""

    def __init__(self, max_streams: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.id = uuid4().hex[:12]
        self.dropped = 0
        self.has_clients = asyncio.Event()
        """Set while there is, or recently was, a client."""

        self._max_streams = max_streams
        self._clock = clock
        self._clients: dict[Audience, set[Subscriber]] = {}
        self._used_at: dict[RangeKey, float] = {}
        self._left_at = NEVER
        self._ring = Ring(RING_SIZE)
        self._latest: dict[tuple[Name, RangeKey | None], Message] = {}
        self._closed = False
        self._on_join: Callable[[Audience, bool], None] = lambda _audience, _resumed: None

    @property
    def open(self) -> int:
        """Number of open streams."""
        return sum(len(clients) for clients in self._clients.values())

    def on_join(self, told: Callable[[Audience, bool], None]) -> None:
        """Call `told` with each new client's audience, and whether it resumes."""
        self._on_join = told

    def subscribe(self, audience: Audience, last_event_id: str | None = None) -> Subscriber:
        """Add a client. Its queue begins with the messages it missed, or with the current state.

        Raises `HubFullError`, `HubClosedError`.
        """
        if self._closed:
            raise HubClosedError("The API is stopping; reconnect when it is back.")
        if self.open >= self._max_streams:
            raise HubFullError(
                f"There are already {self._max_streams} live streams, the limit set by ORDERPULSE_API__MAX_STREAMS; "
                "try again later, or request the numbers without a stream."
            )
        if not self.has_clients.is_set():
            self._ring.forget()
            self._latest.clear()
            self.has_clients.set()
        missed = self._missed(last_event_id)
        subscriber = Subscriber(audience)
        subscriber.offer(b"".join([GREETING, *self._beginning(audience, last_event_id, missed)]))
        self._clients.setdefault(audience, set()).add(subscriber)
        self._used_at |= dict.fromkeys(audience.range_keys, self._clock())
        self._on_join(audience, missed is not None)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Remove a client; does nothing if it is gone."""
        clients = self._clients.get(subscriber.audience)
        if clients is None:
            return
        clients.discard(subscriber)
        if not clients:
            del self._clients[subscriber.audience]
        self._left_at = self._clock()
        self._used_at |= dict.fromkeys(subscriber.audience.range_keys, self._left_at)

    def publish(self, announcements: Iterable[Announcement]) -> None:
        """Send every client the messages it requested, as one chunk; drop clients that do not read."""
        messages = [self._number(each) for each in announcements]
        for audience, clients in list(self._clients.items()):
            chunk = b"".join(message.data for message in messages if audience.wants(message))
            for client in list(clients) if chunk else ():
                if not client.offer(chunk):
                    self._drop(client)

    def rest(self) -> bool:
        """Whether there has been no client for a while. If so, clears `has_clients` until there is one."""
        if self._clients or self._clock() - self._left_at < LINGER_S:
            return False
        self.has_clients.clear()
        return True

    def range_keys(self) -> set[RangeKey]:
        """The ranges that clients request, or recently did."""
        now = self._clock()
        self._used_at |= {range_key: now for audience in self._clients for range_key in audience.range_keys}
        for range_key, used_at in list(self._used_at.items()):
            if now - used_at > LINGER_S:
                del self._used_at[range_key]
                self._latest.pop(("kpi", range_key), None)
        return set(self._used_at)

    def sends_on_join(self, name: Name, range_key: RangeKey | None = None) -> bool:
        """Whether a new client immediately gets the current state of `name`."""
        return (name, range_key) in self._latest

    def end(self) -> None:
        """End every stream and accept no more clients."""
        self._closed = True
        for clients in self._clients.values():
            for client in clients:
                client.end()

    def _number(self, announcement: Announcement) -> Message:
        number = self._ring.last + 1
        data = wire(self.id, number, announcement.name, announcement.body)
        message = Message(number, announcement.name, data, announcement.range_key)
        self._ring.append(message)
        if message.name in STATES:
            self._latest[message.name, message.range_key] = message
        return message

    def _missed(self, last_event_id: str | None) -> list[Message] | None:
        hub_id, _, number = (last_event_id or "").rpartition("-")
        if hub_id != self.id or not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        return self._ring.since(int(number))

    def _beginning(
        self, audience: Audience, last_event_id: str | None, missed: list[Message] | None
    ) -> Iterable[bytes]:
        if missed is not None:
            return [message.data for message in missed if audience.wants(message)]
        resync = [wire(self.id, self._ring.last, "resync", RESYNC)] if last_event_id else []
        return resync + [message.data for message in self._latest.values() if audience.wants(message)]

    def _drop(self, client: Subscriber) -> None:
        self.dropped += 1
        self.leave(client)
        client.drop()
        log.warning("live.client_dropped", why="it does not read", open=self.open)
