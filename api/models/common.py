"""Types shared by several responses."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from control.judge import PipelineState

RangeName = Literal["15m", "1h", "24h", "today", "custom"]
DimensionName = Literal["payment_method", "channel", "country", "failure_reason"]
"""The columns of `core.events.DIMENSIONS`; a test compares the two."""

Money = Annotated[
    Decimal,
    PlainSerializer(lambda value: f"{value:.2f}", return_type=str),
    Field(description="Decimal string with two decimals, in the given currency.", examples=["1499000.00"]),
]
Percentage = Annotated[float, Field(ge=0, description="Per cent, two decimals.", examples=[87.5])]


class Model(BaseModel):
    """Base of all responses."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Freshness(Model):
    """Age of the numbers, in every response with data (contract, I5)."""

    as_of: datetime = Field(description="When the database was read, by its clock.")
    newest_event_time: datetime | None = Field(description="Event time of the newest event that was counted.")
    event_time_lag_s: float | None = Field(
        description="`as_of` minus `newest_event_time` in seconds; null before the first event.",
        examples=[0.6],
    )
    stale: bool = Field(description="Whether that is more than ORDERPULSE_CHECKS__FRESHNESS_LIMIT_S.")
    pipeline: PipelineState = Field(
        "running",
        description="Why no new data may arrive: the stream is `stopped` or `starting`, or the generator was "
        "stopped on purpose (`source_stopped`), so that events can come only from other producers.",
    )


class TimeRange(Model):
    """A half-open range of event time."""

    name: RangeName
    start: datetime = Field(description="Inclusive: start of the first window.")
    end: datetime = Field(description="Exclusive: the time of the request, or the requested end.")
    time_zone: str = Field(
        description="IANA name of the time zone in which days begin.", examples=["Asia/Ho_Chi_Minh"]
    )


class Page(Freshness):
    """One page of a list. Pages use keyset pagination, so new rows shift nothing."""

    next_cursor: str | None = Field(
        description="Opaque; send it to get the next page. Null on the last page."
    )


class Problem(BaseModel):
    """An error (RFC 9457), as application/problem+json."""

    type: str = Field("about:blank", description="URI reference that names the kind of problem.")
    title: str = Field(examples=["The parameters are not valid"])
    code: str = Field(description="Names the kind of problem.", examples=["invalid_parameters"])
    values: dict[str, str | int] | None = Field(
        None, description="The figures and names in `detail`, for the client's own text."
    )
    status: int = Field(examples=[422])
    detail: str = Field(description="What happened, what it means, what to do.")
    instance: str | None = Field(None, description="Path of the request.")
    request_id: str | None = Field(None, description="As in the response header X-Request-ID and in the log.")
    errors: list[dict[str, str]] | None = Field(
        None, description="Each invalid parameter: `parameter`, `message`."
    )
