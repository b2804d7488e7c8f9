"""Parameters that several routes take, and the rules on them. A parameter that does not exist is refused."""

from datetime import datetime
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from api.models.common import RangeName
from api.ranges import LONGEST, parse_instant
from core.events import MAX_ID_LENGTH

__all__ = ["Cursor", "Identifier", "Instant", "Parameters", "RangeParameters", "TimeFilter"]

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH, pattern=r"^[^\x00]+$")]
"""Anything that the contract takes as an id; no text of the database holds NUL."""

Instant = Annotated[datetime, BeforeValidator(parse_instant)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[A-Za-z0-9_-]+$")]


class Parameters(BaseModel):
    """Base of a route's query parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeFilter(Parameters):
    """A half-open range of time, open where a limit is left out."""

    from_: Instant | None = Field(
        None, alias="from", description="Least time.", examples=["2026-03-01T09:30:00Z"]
    )
    to: Instant | None = Field(None, description="Times before this one.", examples=["2026-03-01T10:30:00Z"])

    @field_validator("to")
    @classmethod
    def _is_later(cls, to: datetime | None, info: ValidationInfo) -> datetime | None:
        from_ = info.data.get("from_")
        if to is not None and from_ is not None and to <= from_:
            raise ValueError("Must be later than `from`.")
        return to


class RangeParameters(Parameters):
    """A range of event time."""

    range: RangeName = Field("1h", description="Up to now; `custom` needs `from` and `to`.")
    tz: str = Field(
        "UTC",
        description="IANA name of the time zone in which `today` begins.",
        max_length=64,
        examples=["Asia/Ho_Chi_Minh"],
    )
    from_: Instant | None = Field(
        None,
        alias="from",
        description="With `custom`: ISO-8601 with a zone; rounded up to a full minute.",
        examples=["2026-03-01T00:00:00+07:00"],
    )
    to: Instant | None = Field(
        None,
        description=f"With `custom`: at most {LONGEST.days} days later; rounded down, or now where that is earlier.",
        examples=["2026-03-02T00:00:00+07:00"],
    )
