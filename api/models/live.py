"""Messages of the live stream, by the name of their server-sent event.

`kpi` has a `KpiReport` of the requested range; `resync` has no data and
means that messages were missed: reload everything.
"""

from typing import Literal

from pydantic import Field

from api.models.common import Freshness, Model
from api.models.events import Event
from api.models.health import Sentence
from api.models.kpi import Window
from control.judge import State


class Beat(Freshness):
    """`beat`: every five seconds, so that silence means a broken connection."""


class WindowBatch(Freshness):
    """`windows`: windows that a committed batch changed, with their new values."""

    windows: list[Window]


class EventBatch(Freshness):
    """`events`: new events, newest first; at most 20 a second."""

    items: list[Event]
    seen: int = Field(description="Events since the last message of this kind, shown or not.")
    sampled: bool = Field(description="Whether some are not shown.")


class ComponentSummary(Model):
    """State of a component."""

    name: str
    state: State
    summary: str
    sentence: Sentence


class HealthSummary(Freshness):
    """`health`: sent when the state of a component changes."""

    status: Literal["ok", "degraded", "down"]
    rejects_too_many: bool = Field(description="As in `Health`.")
    components: list[ComponentSummary]
