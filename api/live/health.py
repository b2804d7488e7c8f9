"""Looks at the platform's health while somebody listens, and tells when a component's state changes."""

import asyncio
from collections.abc import Awaitable, Callable

from api.live.hub import Bulletin, Hub
from api.models import HealthSummary
from core.logging import get_logger

__all__ = ["HealthLook", "watch_health"]

HealthLook = Callable[[], Awaitable[HealthSummary]]
INTERVAL_S = 2.0
log = get_logger(__name__)


async def watch_health(hub: Hub, look: HealthLook) -> None:
    """Look every two seconds, until cancelled; apart from the updates, which a slow look must not delay."""
    told: object = None
    while True:
        await hub.somebody.wait()
        try:
            summary = await look()
        except Exception:  # whatever it is, the next look may do
            log.exception("live.health_failed")
        else:
            states = (summary.status, [(each.name, each.state) for each in summary.components])
            if states != told or not hub.has_told("health"):
                told = states
                hub.publish([Bulletin("health", summary.model_dump_json().encode())])
        await asyncio.sleep(INTERVAL_S)
