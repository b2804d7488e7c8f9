"""The last messages, for clients that reconnect."""

from collections import deque

from api.live.message import Message

STATES = ("kpi", "health", "beat")
"""Messages that replace earlier ones, so only the last of each is repeated."""


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
        """Forget all messages, because following changes go unseen. Numbering continues, skipping one."""
        self._messages.clear()
        self._last += 1

    def since(self, number: int) -> list[Message] | None:
        """The messages after `number`, only the newest of each state; None if some of them are gone."""
        oldest = self._messages[0].number if self._messages else self._last + 1
        if not oldest - 1 <= number <= self._last:
            return None
        found: list[Message] = []
        told = set()
        for message in reversed(self._messages):
            if message.number <= number:
                break
            state = (message.name, message.range_key)
            if message.name not in STATES or state not in told:
                found.append(message)
            told.add(state)
        return found[::-1]
