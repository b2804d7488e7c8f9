"""The live stream: one ear at the database, one hub that reads what changed, many browsers that are told."""

from api.live.hub import Hub, HubClosedError, HubFullError
from api.live.service import Live
from api.live.subscriber import Audience, Subscriber

__all__ = ["Audience", "Hub", "HubClosedError", "HubFullError", "Live", "Subscriber"]
