"""What several answers share."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

__all__ = ["Freshness", "Model", "Money", "Page", "Percentage", "Problem", "RangeName", "TimeRange"]

RangeName = Literal["15m", "1h", "24h", "today", "custom"]
Money = Annotated[
    Decimal,
    PlainSerializer(lambda value: f"{value:.2f}", return_type=str),
    Field(
        description="Decimal string with two decimals, in the currency beside it.", examples=["1499000.00"]
    ),
]
Percentage = Annotated[float, Field(ge=0, description="Per cent, two decimals.", examples=[87.5])]


class Model(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Freshness(Model):
    """How old the numbers are: in every answer that shows data (contract, I5)."""

    as_of: datetime = Field(description="When the database was read; its own clock.")
    newest_event_time: datetime | None = Field(description="Event time of the newest event that was counted.")
    event_time_lag_s: float | None = Field(
        description="`as_of` minus `newest_event_time` in seconds; null before the first event.",
        examples=[0.6],
    )
    stale: bool = Field(description="Whether that is more than ORDERPULSE_CHECKS__FRESHNESS_LIMIT_S.")


class TimeRange(Model):
    """A half-open range of event time."""

    name: RangeName
    start: datetime = Field(description="Inclusive: start of the first window.")
    end: datetime = Field(description="Exclusive: the moment of the question, or the end that was asked for.")
    time_zone: str = Field(description="IANA name in which days begin.", examples=["Asia/Ho_Chi_Minh"])


class Page(Freshness):
    """One page of a list. Pages follow a key, so rows that arrive meanwhile move nothing."""

    next_cursor: str | None = Field(description="Opaque; ask with it for the next page. Null on the last.")


class Problem(BaseModel):
    """An error (RFC 9457), as application/problem+json."""

    type: str = Field("about:blank", description="URI reference that names the kind of problem.")
    title: str = Field(examples=["The parameters are not usable"])
    status: int = Field(examples=[422])
    detail: str = Field(description="What happened, what it means, what to do.")
    instance: str | None = Field(None, description="Path of the request.")
    request_id: str | None = Field(None, description="As in the answer's header X-Request-ID and in the log.")
    errors: list[dict[str, str]] | None = Field(
        None, description="Each parameter that is wrong: `parameter`, `message`."
    )
