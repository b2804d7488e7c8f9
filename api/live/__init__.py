"""The live stream: one listener at the database, one hub that reads changes, many browsers that receive them."""

from api.live.hub import Hub, HubClosedError, HubFullError
from api.live.service import Live
from api.live.subscriber import Audience, Subscriber
