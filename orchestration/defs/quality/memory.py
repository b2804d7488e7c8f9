"""What the quality sensor remembers between ticks. It outlives the code, so it is read defensively."""

from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Memory(BaseModel):
    """Times are Unix times in seconds.

    `signs`: the last verdict by check. `incidents`: checks whose last verdict was an incident.
    `requested`: when a backfill was last requested, by partition.
    """

    model_config = ConfigDict(frozen=True)

    reported_at: float = 0.0
    signs: dict[str, str] = {}
    incidents: frozenset[str] = frozenset()
    requested: dict[str, float] = {}

    @classmethod
    def read(cls, cursor: str | None) -> Self:
        """The memory in a sensor's cursor; an empty one if there is none, or none that this code understands."""
        try:
            return cls.model_validate_json(cursor or "{}")
        except ValidationError:
            return cls()
