"""The last messages, for clients that come back."""

from collections import deque

from api.live.message import Message

__all__ = ["Ring"]

STATES = ("kpi", "health", "beat")
"""Messages that replace the one before; of these only the last is worth repeating."""


class Ring:
    """Keeps `size` messages, numbered without a gap."""

    def __init__(self, size: int) -> None:
        self._messages: deque[Message] = deque(maxlen=size)
        self._last = 0

    @property
    def last(self) -> int:
        """Number of the last message; 0 before the first."""
        return self._last

    def append(self, message: Message) -> None:
        """Keep the next message."""
        assert message.number == self._last + 1, "messages are numbered without a gap"
        self._last = message.number
        self._messages.append(message)

    def forget(self) -> None:
        """Let go of all: a time begins of which nothing is known. Numbers go on, with one left out."""
        self._messages.clear()
        self._last += 1

    def since(self, number: int) -> list[Message] | None:
        """The messages after `number`, of states only the newest; None where some of them are gone."""
        oldest = self._messages[0].number if self._messages else self._last + 1
        if not oldest - 1 <= number <= self._last:
            return None
        found: list[Message] = []
        told = set()
        for message in reversed(self._messages):
            if message.number <= number:
                break
            state = (message.name, message.question)
            if message.name not in STATES or state not in told:
                found.append(message)
            told.add(state)
        return found[::-1]
