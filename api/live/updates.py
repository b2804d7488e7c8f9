"""Turns committed batches into announcements: the first immediately, the next at most five times a second."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
from pydantic import BaseModel

from api.database import Connection
from api.live.committed import Committed, Pending, RecentBatches
from api.live.hub import Announcement, Hub
from api.live.message import RESYNC, Name, RangeKey
from api.live.reader import Reader
from api.live.sampling import CANDIDATES, Sampler
from api.live.subscriber import Audience
from api.models import Beat, EventBatch, Freshness
from core.clock import utc_now
from core.errors import DatabaseError
from core.logging import get_logger

UPDATE_INTERVAL_S = 0.2
BEAT_S = 5.0
KPI_AGE_S = 15.0
"""A rolling range changes without a batch when a minute leaves it, so each is read again after this."""

CATCH_UP_S = 10.0
"""A page requests its series and opens the stream at about the same time. A new client gets the windows that changed
within this time, so that no change is lost in between."""

RESYNC_INTERVAL_S = 10.0
RETRY_S = 1.0
NEVER = float("-inf")

log = get_logger(__name__)
Monotonic = Callable[[], float]


class Updates:
    """Reads each change once and passes it to the hub."""

    def __init__(self, hub: Hub, reader: Reader, clock: Monotonic = time.monotonic) -> None:
        self._hub = hub
        self._reader = reader
        self._clock = clock
        self._wake = asyncio.Event()
        self._pending = Pending()
        self._recent = RecentBatches(clock)
        self._sampler = Sampler(clock)
        self._changed_at: dict[datetime, float] = {}
        self._read_at: dict[RangeKey, float] = {}
        self._beat_at = self._resync_at = NEVER
        self._fresh: tuple[float, Freshness] | None = None
        self._away = False
        hub.on_join(self._joined)

    def committed(self, batch: Committed) -> None:
        """Add a committed batch, once, however often it is announced."""
        if not self._recent.is_new(batch):
            return
        now = self._clock()
        self._changed_at = {start: at for start, at in self._changed_at.items() if now - at < CATCH_UP_S}
        self._changed_at |= dict.fromkeys(batch.windows, now)
        if self._hub.has_clients.is_set():
            self._pending.add(batch)
            self._wake.set()

    async def run(self) -> None:
        """Update the hub until cancelled. A failure delays an update; it never ends the stream."""
        while True:
            await self._until_due()
            began = self._clock()
            try:
                await self._update(began)
            except Exception:  # whatever failed, the next update may succeed
                log.exception("live.update_failed")
                await asyncio.sleep(RETRY_S)
            await asyncio.sleep(began + UPDATE_INTERVAL_S - self._clock())

    async def _until_due(self) -> None:
        if self._hub.rest():
            self._pending, self._read_at = Pending(), {}
            self._beat_at = NEVER
            await self._hub.has_clients.wait()
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
                updates = await self._read(connection, taken, now)
        except (DatabaseError, psycopg.Error) as error:
            self._pending.put_back(taken)
            self._hub.publish(self._beat(self._last_known(), now))
            self._database_down(str(error).strip())
            await asyncio.sleep(RETRY_S)
            self._wake.set()
        else:
            self._database_down(None)
            self._hub.publish(updates)
            self._read_at |= {each.range_key: now for each in updates if each.range_key is not None}

    async def _read(self, connection: Connection, taken: Pending, now: float) -> list[Announcement]:
        found = []
        if taken.windows:
            found.append(
                _announcement("windows", await self._reader.windows(connection, sorted(taken.windows)))
            )
        found += [
            _announcement("kpi", await self._reader.kpi(connection, range_key), range_key)
            for range_key in self._due_ranges(taken, now)
        ]
        if taken.events or now - self._beat_at >= BEAT_S:
            fresh = await self._reader.freshness(connection)
            self._fresh = (now, fresh)
            if taken.events:
                found.append(await self._events(connection, taken.events, fresh))
            found += self._beat(fresh, now)
        return found + self._resync(taken, now)

    async def _events(self, connection: Connection, seen: int, fresh: Freshness) -> Announcement:
        limit = min(seen, self._sampler.allowed())
        candidates = await self._reader.newest_events(connection, CANDIDATES) if limit else []
        items = self._sampler.choose(candidates, limit)
        return _announcement(
            "events", EventBatch(**dict(fresh), items=items, seen=seen, sampled=seen > len(items))
        )

    def _due_ranges(self, taken: Pending, now: float) -> list[RangeKey]:
        used = self._hub.range_keys()
        self._read_at = {range_key: at for range_key, at in self._read_at.items() if range_key in used}
        return [
            range_key
            for range_key in used
            if taken.kpis
            or range_key in taken.range_keys
            or now - self._read_at.get(range_key, NEVER) >= KPI_AGE_S
        ]

    def _resync(self, taken: Pending, now: float) -> list[Announcement]:
        """A `resync` if more windows changed than were named, but not too often."""
        if not taken.resync:
            return []
        if now - self._resync_at < RESYNC_INTERVAL_S:
            self._pending.resync = True
            return []
        self._resync_at = now
        return [Announcement("resync", RESYNC)]

    def _beat(self, fresh: Freshness, now: float) -> list[Announcement]:
        if now - self._beat_at < BEAT_S:
            return []
        self._beat_at = now
        return [_announcement("beat", Beat(**dict(fresh)))]

    def _last_known(self) -> Freshness:
        """The current age of the last numbers while the database is down."""
        if self._fresh is None:
            return Freshness(as_of=utc_now(), newest_event_time=None, event_time_lag_s=None, stale=True)
        at, fresh = self._fresh
        return self._reader.aged(fresh, timedelta(seconds=self._clock() - at))

    def _database_down(self, why: str | None) -> None:
        if why is not None and not self._away:
            log.warning("live.database_away", error=why)
        if why is None and self._away:
            log.info("live.database_back")
        self._away = why is not None

    def _joined(self, audience: Audience, resumed: bool) -> None:
        untold = {each for each in audience.range_keys if not self._hub.sends_on_join("kpi", each)}
        if untold:
            self._pending.range_keys |= untold
            self._wake.set()
        if not resumed and self._changed_at:
            self._pending.windows |= self._changed_at.keys()
            self._wake.set()


def _announcement(name: Name, answer: BaseModel, range_key: RangeKey | None = None) -> Announcement:
    return Announcement(name, answer.model_dump_json().encode(), range_key)
