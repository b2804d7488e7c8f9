"""The one connection that listens for commits (LISTEN); while it is down, the ledger is polled instead."""

import asyncio
import time
from collections.abc import Callable

import psycopg

from api.live.committed import Committed, parse_notification
from api.live.reader import Reader
from core import postgres
from core.errors import DatabaseError
from core.logging import get_logger
from core.settings import PostgresSettings
from core.tables import NOTIFY_CHANNEL

LEAST_PAUSE_S, GREATEST_PAUSE_S = 0.1, 5.0
POLL_S = 2.0
KEEPALIVES = "keepalives_idle=10 keepalives_interval=5 keepalives_count=3 application_name=orderpulse-live"
"""Detects within 25 s a server that disappeared silently."""

log = get_logger(__name__)


class Listener:
    """Passes each committed batch to `told`, possibly twice if the connection was lost meanwhile.

    Listens at the primary, even if reads go to a replica: a replica forwards no notifications.
    """

    def __init__(self, settings: PostgresSettings, reader: Reader, told: Callable[[Committed], None]) -> None:
        self._dsn = postgres.dsn(settings)
        self._reader = reader
        self._told = told
        self._heard_at = time.monotonic()
        self.connected = False
        self._behind = False
        """Whether the ledger may have unannounced batches from before the connection."""

    async def listen(self) -> None:
        """Keep a listening connection, until cancelled."""
        pause_s = LEAST_PAUSE_S
        while True:
            try:
                await self._listen_once()
                pause_s = LEAST_PAUSE_S
            except psycopg.Error as error:
                log.warning("live.listener_away", error=str(error).strip(), again_in_s=pause_s)
            if self.connected:
                self.connected, pause_s = False, LEAST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(GREATEST_PAUSE_S, pause_s * 2)

    async def poll(self) -> None:
        """Poll the ledger every two seconds while there is no connection or missed batches remain, until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            if self._behind or not self.connected:
                await self._look()

    async def _listen_once(self) -> None:
        connection = await psycopg.AsyncConnection.connect(f"{self._dsn} {KEEPALIVES}", autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
            self.connected = self._behind = True
            await self._look()
            log.info("live.listening")
            async for notification in connection.notifies():
                if not self._behind:
                    self._heard_at = time.monotonic()
                batch = parse_notification(notification.payload)
                if batch is None:
                    log.warning("live.notification_unknown", payload=notification.payload[:200])
                else:
                    self._told(batch)

    async def _look(self) -> None:
        """Pass on the batches committed since the last notification."""
        began = time.monotonic()
        try:
            batches = await self._reader.committed_within(began - self._heard_at)
        except (DatabaseError, psycopg.Error) as error:
            log.warning("live.ledger_away", error=str(error).strip())
            return
        self._heard_at, self._behind = began, False
        for batch in batches:
            self._told(batch)
