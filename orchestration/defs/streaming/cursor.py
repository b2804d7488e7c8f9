"""What the streaming sensor remembers between ticks. It outlives the code, so it is read defensively."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

LONGEST_GAP_S = 20.0
"""After a longer pause between ticks (the database down, the machine asleep) watching starts over."""

LONGEST_UNKNOWN_S = 60.0
"""After a longer pause nobody knows whether the servers were well all the time."""

KEPT_REQUESTS = 10


class Watch(BaseModel):
    """A sign of life and for how long it has stood still before the sensor's eyes."""

    model_config = ConfigDict(frozen=True)

    sign: str | None = None
    still_s: float = 0.0

    def seen(self, sign: str | None, elapsed_s: float) -> "Watch":
        """The watch after one more look, `elapsed_s` seconds after the one before."""
        if sign != self.sign or not 0 <= elapsed_s <= LONGEST_GAP_S:
            return Watch(sign=sign)
        return Watch(sign=sign, still_s=self.still_s + elapsed_s)


class Cursor(BaseModel):
    """Times are Unix times in seconds; the maps are by the service's or the asset's name.

    `servers_since`: since when each look found database and broker well.
    """

    model_config = ConfigDict(frozen=True)

    ticked_at: float = 0.0
    servers_since: float = 0.0
    beats: dict[str, Watch] = {}
    attachments: dict[str, Watch] = {}
    requested: dict[str, list[float]] = {}
    conditions: dict[str, str] = {}
    reported_at: float = 0.0
    reported: dict[str, str] = {}

    @classmethod
    def read(cls, text: str | None) -> Self:
        """The cursor in `text`; an empty one if there is none, or none that this code understands."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()

    def looked(
        self, now: float, beats: Mapping[str, str], attachments: Mapping[str, str], *, broker_answers: bool
    ) -> Self:
        """The cursor after a look at `now` (Unix time) that found these signs of life, by service."""
        elapsed_s = now - self.ticked_at
        well_all_the_time = broker_answers and 0 <= elapsed_s <= LONGEST_UNKNOWN_S
        return self.model_copy(
            update={
                "ticked_at": now,
                "servers_since": self.servers_since if well_all_the_time else now,
                "beats": {n: self.beats.get(n, Watch()).seen(s, elapsed_s) for n, s in beats.items()},
                "attachments": {
                    n: self.attachments.get(n, Watch()).seen(s, elapsed_s) for n, s in attachments.items()
                },
            }
        )

    def asked(self, service: str, now: float) -> Self:
        """The cursor after a request for an attached run of `service`; the last few are kept."""
        times = [*self.requested.get(service, []), now][-KEPT_REQUESTS:]
        return self.model_copy(update={"requested": self.requested | {service: times}})
