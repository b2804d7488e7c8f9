"""One client of the stream: what it wants, and what waits to be sent to it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from api.live.message import Message, Question, Topic

__all__ = ["LONGEST_QUEUE", "Audience", "Subscriber"]

LONGEST_QUEUE = 64
"""Updates that wait for one client. At five a second, one that has read nothing for 13 s is dropped; it may
come back and be told what it missed."""


@dataclass(frozen=True, slots=True)
class Audience:
    """What a client asked for. Clients of one audience get the same bytes."""

    question: Question
    topics: frozenset[Topic]

    def wants(self, message: Message) -> bool:
        """Whether `message` is for it."""
        if message.name in ("beat", "resync"):
            return True
        return message.name in self.topics and message.question in (None, self.question)


class Subscriber:
    """A queue with an end. Lives on the event loop."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self._waiting: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        self.on_drop: Callable[[], object] = lambda: None
        """Called where the client is dropped: whoever sends to it must stop, in the midst of it."""

    def offer(self, chunk: bytes) -> bool:
        """Queue `chunk`; False where the queue is full, as it is when the client does not read."""
        if len(self._waiting) >= LONGEST_QUEUE:
            return False
        self._waiting.append(chunk)
        self._changed.set()
        return True

    def end(self) -> None:
        """End `chunks` once what waits is sent."""
        self._ended = True
        self._changed.set()

    def drop(self) -> None:
        """End at once, and let go of what waits."""
        self._waiting.clear()
        self.end()
        self.on_drop()

    async def chunks(self) -> AsyncIterator[bytes]:
        """What to send: all that waits, as one piece."""
        while self._waiting or not self._ended:
            await self._changed.wait()
            self._changed.clear()
            if self._waiting:
                chunk = b"".join(self._waiting)
                self._waiting.clear()
                yield chunk
