"""Checks the platform's health while there are clients, and announces changes of a component's state."""

import asyncio
from collections.abc import Awaitable, Callable

from api.live.hub import Announcement, Hub
from api.models import HealthSummary
from core.logging import get_logger

HealthLook = Callable[[], Awaitable[HealthSummary]]
INTERVAL_S = 2.0
log = get_logger(__name__)


async def watch_health(hub: Hub, look: HealthLook) -> None:
    """Check every two seconds until cancelled; a separate task, so that a slow check does not delay other announcements."""
    told: object = None
    while True:
        await hub.has_clients.wait()
        try:
            summary = await look()
        except Exception:  # whatever failed, the next check may succeed
            log.exception("live.health_failed")
        else:
            states = (summary.status, [(each.name, each.state) for each in summary.components])
            if states != told or not hub.sends_on_join("health"):
                told = states
                hub.publish([Announcement("health", summary.model_dump_json().encode())])
        await asyncio.sleep(INTERVAL_S)
