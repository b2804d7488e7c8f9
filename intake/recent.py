"""What came from each source lately, in memory: counts of the last hour, and messages that became no accepted event.

It begins when the process starts. Only sources that exist are noted, so there are few.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from core.clock import Clock
from core.sources import LONGEST_DETAIL, FailedMessage, FailedOutcome, LastHour, Refusal
from intake.mapping.errors import UnmappedError
from intake.mapping.mapper import Mapped
from intake.mapping.verdict import verdicts

Count = Literal["accepted", "rejected", "unmapped", "without_event", "refused"]
HOUR_MINUTES = 60
KEPT = 50
"""Failed messages of a source."""

KEPT_FOR = timedelta(hours=24)
"""They may hold personal data."""

SHOWN_BYTES = 4096
"""Of a failed message."""


@dataclass(slots=True)
class _OfSource:
    minutes: deque[tuple[int, Counter[Count]]] = field(default_factory=lambda: deque(maxlen=HOUR_MINUTES))
    received_at: datetime | None = None
    refused: Refusal | None = None
    failed: deque[FailedMessage] = field(default_factory=lambda: deque(maxlen=KEPT))


class History:
    """Takes notes and answers questions about them, in a shop with these currencies; only the event loop uses it."""

    def __init__(self, clock: Clock, currencies: tuple[str, ...]) -> None:
        self._clock = clock
        self._currencies = currencies
        self._sources: dict[str, _OfSource] = {}
        self.since = clock()

    def note_events(self, source: str, events: Sequence[Mapped], content: bytes) -> None:
        """Note a message that mapped and was acknowledged, and judge its events; the stream's verdict comes later."""
        now = self._clock()
        counts = Counter[Count]({} if events else {"without_event": 1})
        for event in events:
            wrong = next(
                (each for each in verdicts(event, now, self._currencies) if each.fault or each.timing), None
            )
            counts["rejected" if wrong else "accepted"] += 1
            if wrong:
                detail = f"{wrong.name}: {wrong.fault or wrong.note}"
                self._keep(source, "rejected", wrong.timing or wrong.name, detail, content)
        self._note_received(source, counts)

    def note_sent(self, sender: str, events: int) -> None:
        """Note events of a sender that were acknowledged; only the stream judges them."""
        self._note_received(sender, Counter({"accepted": events}))

    def note_unmapped(self, source: str, error: UnmappedError, content: bytes) -> None:
        """Note a message that did not map and was acknowledged."""
        self._keep(source, "unmapped", error.reason, str(error), content)
        self._note_received(source, Counter({"unmapped": 1}))

    def note_refused(self, source: str, code: str, detail: str) -> None:
        """Note a request that was not accepted."""
        known = self._of(source)
        known.refused = Refusal(at=self._clock(), code=code, detail=detail)
        self._count(known, Counter({"refused": 1}))

    def names(self) -> set[str]:
        """Those of which something was noted."""
        return set(self._sources)

    def last_hour(self, source: str) -> LastHour:
        """The counts of a source in the last sixty minutes."""
        oldest = self._minute() - HOUR_MINUTES
        known = self._sources.get(source, _OfSource())
        total = sum((counts for minute, counts in known.minutes if minute > oldest), Counter[Count]())
        return LastHour.model_validate(dict(total))

    def last_received_at(self, source: str) -> datetime | None:
        """When its last verified message arrived."""
        return self._sources.get(source, _OfSource()).received_at

    def last_refused(self, source: str) -> Refusal | None:
        """Its last request that was refused."""
        return self._sources.get(source, _OfSource()).refused

    def failed(self, source: str) -> Sequence[FailedMessage]:
        """Its newest failed messages, newest first; those of more than a day ago are forgotten."""
        known = self._sources.get(source, _OfSource()).failed
        while known and self._clock() - known[-1].received_at > KEPT_FOR:
            known.pop()
        return tuple(known)

    def _note_received(self, source: str, counts: Counter[Count]) -> None:
        known = self._of(source)
        known.received_at = self._clock()
        self._count(known, counts)

    def _keep(self, source: str, outcome: FailedOutcome, reason: str, detail: str, content: bytes) -> None:
        shown = content[:SHOWN_BYTES].decode("utf-8", "replace").replace("\0", "\N{SYMBOL FOR NULL}")
        self._of(source).failed.appendleft(
            FailedMessage(
                received_at=self._clock(),
                outcome=outcome,
                reason=reason,
                detail=detail[:LONGEST_DETAIL],
                payload=shown,
                payload_bytes=len(content),
                payload_truncated=len(content) > SHOWN_BYTES,
            )
        )

    def _of(self, source: str) -> _OfSource:
        return self._sources.setdefault(source, _OfSource())

    def _count(self, known: _OfSource, counts: Counter[Count]) -> None:
        minute = self._minute()
        if not known.minutes or known.minutes[-1][0] != minute:
            known.minutes.append((minute, Counter()))
        known.minutes[-1][1].update(counts)

    def _minute(self) -> int:
        return int(self._clock().timestamp() // 60)
