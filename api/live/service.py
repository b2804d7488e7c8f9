"""The live stream's tasks and connections, started and stopped with the application."""

import asyncio

from api.database import Database
from api.live.health import HealthLook, watch_health
from api.live.hub import Hub
from api.live.listener import Listener
from api.live.reader import Reader
from api.live.updates import Updates
from core.logging import get_logger
from core.settings import Settings

log = get_logger(__name__)


CONNECTIONS = 2
"""Separate, so that the stream does not wait for requests: one connection for reads, one to poll the ledger."""


class Live:
    """Hub, updates and listener. Create it in a running event loop.

    It reads from the primary, the source of its notifications: a replica may not have the batch yet. There is
    one reader for any number of clients.
    """

    def __init__(self, settings: Settings, look: HealthLook) -> None:
        own = settings.api.model_copy(update={"replica_host": None, "pool_size": CONNECTIONS})
        self._database = Database(settings.model_copy(update={"api": own}))
        reader = Reader(self._database, settings)
        self.hub = Hub(settings.api.max_streams)
        self.updates = Updates(self.hub, reader)
        self.listener = Listener(settings.postgres, reader, self.updates.committed)
        self.loop = asyncio.get_running_loop()
        self._look = look
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the tasks."""
        await self._database.open()
        work = {
            "updates": self.updates.run(),
            "listen": self.listener.listen(),
            "poll": self.listener.poll(),
            "health": watch_health(self.hub, self._look),
        }
        self._tasks = [asyncio.create_task(each, name=f"live {name}") for name, each in work.items()]
        for task in self._tasks:
            task.add_done_callback(_report)

    async def stop(self) -> None:
        """End every stream and the tasks."""
        self.hub.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._database.close()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("live.task_ended", task=task.get_name(), exc_info=error)
