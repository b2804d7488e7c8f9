"""One client of the stream: its audience, and the queue of messages for it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from api.live.message import Message, RangeKey, Topic

MAX_QUEUE = 64
"""Maximum updates that wait for one client. At five a second, a client that has read nothing for 13 s is dropped; it may
reconnect and get the messages it missed."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The messages that a client requests. Clients with equal audiences get the same bytes."""

    range_keys: frozenset[RangeKey]
    topics: frozenset[Topic]

    def wants(self, message: Message) -> bool:
        """Whether it includes `message`."""
        if message.name in ("beat", "resync"):
            return True
        return message.name in self.topics and (
            message.range_key is None or message.range_key in self.range_keys
        )


class Subscriber:
    """A bounded queue. For one event loop."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self._waiting: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        self.on_drop: Callable[[], object] = lambda: None
        """Called if the client is dropped: its sender must stop, even during a send."""

    def offer(self, chunk: bytes) -> bool:
        """Queue `chunk`; False if the queue is full, because the client does not read."""
        if len(self._waiting) >= MAX_QUEUE:
            return False
        self._waiting.append(chunk)
        self._changed.set()
        return True

    def end(self) -> None:
        """End `chunks` once the queue is sent."""
        self._ended = True
        self._changed.set()

    def drop(self) -> None:
        """End at once and discard the queue."""
        self._waiting.clear()
        self.end()
        self.on_drop()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield all queued messages, as one chunk."""
        while self._waiting or not self._ended:
            await self._changed.wait()
            self._changed.clear()
            if self._waiting:
                chunk = b"".join(self._waiting)
                self._waiting.clear()
                yield chunk
