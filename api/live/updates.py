"""Turns what batches changed into bulletins: at once where it was quiet, then at most five times a second."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
from pydantic import BaseModel

from api.database import Connection
from api.live.committed import Committed, Pending, RecentBatches
from api.live.hub import Bulletin, Hub
from api.live.message import RESYNC, Name, Question
from api.live.reader import Reader
from api.live.sampling import CANDIDATES, Sampler
from api.live.subscriber import Audience
from api.models import Beat, EventBatch, Freshness
from core.clock import utc_now
from core.errors import DatabaseError
from core.logging import get_logger

__all__ = ["Updates"]

UPDATE_INTERVAL_S = 0.2
BEAT_S = 5.0
KPI_AGE_S = 15.0
"""A range that slides changes without a batch, when a minute falls out of it: each is read anew after this."""

CATCH_UP_S = 10.0
"""A page asks for its series and opens the stream at about the same time. Windows that changed in this time before
are told to a newcomer, so that no change falls between the two."""

RESYNC_INTERVAL_S = 10.0
RETRY_S = 1.0
NEVER = float("-inf")

log = get_logger(__name__)
Monotonic = Callable[[], float]


class Updates:
    """Reads each changed thing once and gives it to the hub."""

    def __init__(self, hub: Hub, reader: Reader, clock: Monotonic = time.monotonic) -> None:
        self._hub = hub
        self._reader = reader
        self._clock = clock
        self._wake = asyncio.Event()
        self._pending = Pending()
        self._recent = RecentBatches(clock)
        self._sampler = Sampler(clock)
        self._changed_at: dict[datetime, float] = {}
        self._read_at: dict[Question, float] = {}
        self._beat_at = self._resync_at = NEVER
        self._fresh: tuple[float, Freshness] | None = None
        self._away = False
        hub.on_join(self._joined)

    def committed(self, batch: Committed) -> None:
        """Note a committed batch; told once, however often it is heard of."""
        if not self._recent.is_new(batch):
            return
        now = self._clock()
        self._changed_at = {start: at for start, at in self._changed_at.items() if now - at < CATCH_UP_S}
        self._changed_at |= dict.fromkeys(batch.windows, now)
        if self._hub.somebody.is_set():
            self._pending.add(batch)
            self._wake.set()

    async def run(self) -> None:
        """Update the hub until cancelled. A failure delays an update; it never ends the stream."""
        while True:
            await self._until_due()
            began = self._clock()
            try:
                await self._update(began)
            except Exception:  # whatever it is, the next update may do
                log.exception("live.update_failed")
                await asyncio.sleep(RETRY_S)
            await asyncio.sleep(began + UPDATE_INTERVAL_S - self._clock())

    async def _until_due(self) -> None:
        if self._hub.rest():
            self._pending, self._read_at = Pending(), {}
            self._beat_at = NEVER
            await self._hub.somebody.wait()
        due_at = [self._beat_at + BEAT_S, *(at + KPI_AGE_S for at in self._read_at.values())]
        if self._pending.resync:
            due_at.append(self._resync_at + RESYNC_INTERVAL_S)
        try:
            async with asyncio.timeout(max(0.0, min(due_at) - self._clock())):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _update(self, now: float) -> None:
        taken, self._pending = self._pending, Pending()
        try:
            async with self._reader.database.connection() as connection:
                bulletins = await self._read(connection, taken, now)
        except (DatabaseError, psycopg.Error) as error:
            self._pending.put_back(taken)
            self._hub.publish(self._beat(self._last_known(), now))
            self._database_is_away(str(error).strip())
            await asyncio.sleep(RETRY_S)
            self._wake.set()
        else:
            self._database_is_away(None)
            self._hub.publish(bulletins)
            self._read_at |= {each.question: now for each in bulletins if each.question is not None}

    async def _read(self, connection: Connection, taken: Pending, now: float) -> list[Bulletin]:
        found = []
        if taken.windows:
            found.append(_bulletin("windows", await self._reader.windows(connection, sorted(taken.windows))))
        found += [
            _bulletin("kpi", await self._reader.kpi(connection, question), question)
            for question in self._due_questions(taken, now)
        ]
        if taken.events or now - self._beat_at >= BEAT_S:
            fresh = await self._reader.freshness(connection)
            self._fresh = (now, fresh)
            if taken.events:
                found.append(await self._events(connection, taken.events, fresh))
            found += self._beat(fresh, now)
        return found + self._resync(taken, now)

    async def _events(self, connection: Connection, seen: int, fresh: Freshness) -> Bulletin:
        limit = min(seen, self._sampler.allowed())
        candidates = await self._reader.newest_events(connection, CANDIDATES) if limit else []
        items = self._sampler.choose(candidates, limit)
        return _bulletin(
            "events", EventBatch(**dict(fresh), items=items, seen=seen, sampled=seen > len(items))
        )

    def _due_questions(self, taken: Pending, now: float) -> list[Question]:
        used = self._hub.questions()
        self._read_at = {question: at for question, at in self._read_at.items() if question in used}
        return [
            question
            for question in used
            if taken.kpis
            or question in taken.questions
            or now - self._read_at.get(question, NEVER) >= KPI_AGE_S
        ]

    def _resync(self, taken: Pending, now: float) -> list[Bulletin]:
        """Where more windows changed than were named: everything is to be read anew, but not all the time."""
        if not taken.resync:
            return []
        if now - self._resync_at < RESYNC_INTERVAL_S:
            self._pending.resync = True
            return []
        self._resync_at = now
        return [Bulletin("resync", RESYNC)]

    def _beat(self, fresh: Freshness, now: float) -> list[Bulletin]:
        if now - self._beat_at < BEAT_S:
            return []
        self._beat_at = now
        return [_bulletin("beat", Beat(**dict(fresh)))]

    def _last_known(self) -> Freshness:
        """How old the numbers are by now, while the database cannot be asked: they age by themselves."""
        if self._fresh is None:
            return Freshness(as_of=utc_now(), newest_event_time=None, event_time_lag_s=None, stale=True)
        at, fresh = self._fresh
        return self._reader.aged(fresh, timedelta(seconds=self._clock() - at))

    def _database_is_away(self, why: str | None) -> None:
        if why is not None and not self._away:
            log.warning("live.database_away", error=why)
        if why is None and self._away:
            log.info("live.database_back")
        self._away = why is not None

    def _joined(self, audience: Audience, resumed: bool) -> None:
        if not self._hub.has_told("kpi", audience.question):
            self._pending.questions.add(audience.question)
            self._wake.set()
        if not resumed and self._changed_at:
            self._pending.windows |= self._changed_at.keys()
            self._wake.set()


def _bulletin(name: Name, answer: BaseModel, question: Question | None = None) -> Bulletin:
    return Bulletin(name, answer.model_dump_json().encode(), question)
