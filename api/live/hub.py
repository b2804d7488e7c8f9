"""The hub: numbers each message, keeps the last ones, and hands the same bytes to every client."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import uuid4

from api.live.message import RESYNC, Message, Name, Question, wire
from api.live.ring import Ring
from api.live.subscriber import Audience, Subscriber
from core.errors import OrderpulseError
from core.logging import get_logger

__all__ = ["Bulletin", "Hub", "HubClosedError", "HubFullError"]

LINGER_S = 30.0
"""How long what nobody listens to any more is kept up to date, for clients that come back."""

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
class Bulletin:
    """What is to be told: JSON in one line, and which range it is of."""

    name: Name
    body: bytes
    question: Question | None = None


class Hub:
    """The clients and what they were told. Lives on the event loop; nothing here waits."""

    def __init__(self, max_streams: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.id = uuid4().hex[:12]
        self.dropped = 0
        self.somebody = asyncio.Event()
        """Set while there is, or lately was, a client."""

        self._max_streams = max_streams
        self._clock = clock
        self._clients: dict[Audience, set[Subscriber]] = {}
        self._used_at: dict[Question, float] = {}
        self._left_at = NEVER
        self._ring = Ring(RING_SIZE)
        self._latest: dict[tuple[Name, Question | None], Message] = {}
        self._closed = False
        self._on_join: Callable[[Audience, bool], None] = lambda _audience, _resumed: None

    @property
    def open(self) -> int:
        """How many streams are open."""
        return sum(len(clients) for clients in self._clients.values())

    def on_join(self, told: Callable[[Audience, bool], None]) -> None:
        """Call `told` with each newcomer's wish, and whether it goes on where it was."""
        self._on_join = told

    def subscribe(self, audience: Audience, last_event_id: str | None = None) -> Subscriber:
        """Let a client in. Its queue begins with what it missed, or with the present state.

        Raises `HubFullError`, `HubClosedError`.
        """
        if self._closed:
            raise HubClosedError("The API is stopping; the stream can be had again when it is back.")
        if self.open >= self._max_streams:
            raise HubFullError(
                f"There are {self._max_streams} live streams already, as many as ORDERPULSE_API__MAX_STREAMS allows; "
                "try again later, or ask for the numbers without a stream."
            )
        if not self.somebody.is_set():
            self._ring.forget()
            self._latest.clear()
            self.somebody.set()
        missed = self._missed(last_event_id)
        subscriber = Subscriber(audience)
        subscriber.offer(b"".join([GREETING, *self._beginning(audience, last_event_id, missed)]))
        self._clients.setdefault(audience, set()).add(subscriber)
        self._used_at[audience.question] = self._clock()
        self._on_join(audience, missed is not None)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Let a client go; harmless where it is gone."""
        clients = self._clients.get(subscriber.audience)
        if clients is None:
            return
        clients.discard(subscriber)
        if not clients:
            del self._clients[subscriber.audience]
        self._used_at[subscriber.audience.question] = self._left_at = self._clock()

    def publish(self, bulletins: Iterable[Bulletin]) -> None:
        """Tell every client what it asked for, in one piece; drop those that do not read."""
        messages = [self._number(bulletin) for bulletin in bulletins]
        for audience, clients in list(self._clients.items()):
            chunk = b"".join(message.data for message in messages if audience.wants(message))
            for client in list(clients) if chunk else ():
                if not client.offer(chunk):
                    self._drop(client)

    def rest(self) -> bool:
        """Whether nobody listens, and has not for a while. Then `somebody` is cleared until one does."""
        if self._clients or self._clock() - self._left_at < LINGER_S:
            return False
        self.somebody.clear()
        return True

    def questions(self) -> set[Question]:
        """The ranges that clients look at, or looked at a moment ago."""
        now = self._clock()
        self._used_at |= {audience.question: now for audience in self._clients}
        for question, used_at in list(self._used_at.items()):
            if now - used_at > LINGER_S:
                del self._used_at[question]
                self._latest.pop(("kpi", question), None)
        return set(self._used_at)

    def has_told(self, name: Name, question: Question | None = None) -> bool:
        """Whether a newcomer is told the present state of `name` at once."""
        return (name, question) in self._latest

    def end(self) -> None:
        """End every stream, and let nobody in any more."""
        self._closed = True
        for clients in self._clients.values():
            for client in clients:
                client.end()

    def _number(self, bulletin: Bulletin) -> Message:
        number = self._ring.last + 1
        data = wire(self.id, number, bulletin.name, bulletin.body)
        message = Message(number, bulletin.name, data, bulletin.question)
        self._ring.append(message)
        if message.name in STATES:
            self._latest[message.name, message.question] = message
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
