"""Messages of the live stream, by the name of the server-sent event that carries them.

`kpi` carries a `KpiReport` of the range that was asked for; `resync` carries nothing and
means that messages were missed: read everything anew.
"""

from typing import Literal

from pydantic import Field

from api.models.common import Freshness, Model
from api.models.events import Event
from api.models.health import ComponentState
from api.models.kpi import Window

__all__ = ["Beat", "ComponentSummary", "EventBatch", "HealthSummary", "WindowBatch"]


class Beat(Freshness):
    """`beat`: every five seconds, so that silence means a broken connection."""


class WindowBatch(Freshness):
    """`windows`: windows that a committed batch changed, with their new values."""

    windows: list[Window]


class EventBatch(Freshness):
    """`events`: new events, the newest first; at most 20 a second."""

    items: list[Event]
    seen: int = Field(description="Events since the last message of this kind, shown or not.")
    sampled: bool = Field(description="Whether some are not shown.")


class ComponentSummary(Model):
    """State of a component."""

    name: str
    state: ComponentState
    summary: str


class HealthSummary(Freshness):
    """`health`: sent when the state of a component changes."""

    status: Literal["ok", "degraded", "down"]
    components: list[ComponentSummary]
