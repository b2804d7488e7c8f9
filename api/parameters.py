"""Parameters of several routes, and rules on them. Unknown parameters are refused."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, get_origin

from fastapi import Request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from starlette.convertors import PathConvertor, register_url_convertor

from api.edge.problems import NotFoundError, ParameterError
from api.models.common import DimensionName, RangeName
from api.ranges import MAX_RANGE, parse_instant
from core.events import MAX_ID_LENGTH

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH, pattern=r"^[^\x00]+$")]
"""Anything that the contract accepts as an id; PostgreSQL text contains no NUL."""


class TextConvertor(PathConvertor):
    """Any text in a path, including line breaks: Starlette's `path` ends at the first one."""

    regex = "(?s:.+)"


register_url_convertor("text", TextConvertor())

Instant = Annotated[datetime, BeforeValidator(parse_instant)]
ZoneName = Annotated[str, Field(max_length=64, examples=["Asia/Ho_Chi_Minh"])]
TODAY_ZONE = "IANA name of the time zone in which `today` begins."
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[A-Za-z0-9_-]+$")]


class Parameters(BaseModel):
    """Base of a route's query parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeFilter(Parameters):
    """A half-open time range, unbounded where a limit is omitted."""

    from_: Instant | None = Field(
        None, alias="from", description="Earliest time, inclusive.", examples=["2026-03-01T09:30:00Z"]
    )
    to: Instant | None = Field(None, description="Latest time, exclusive.", examples=["2026-03-01T10:30:00Z"])

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
    tz: ZoneName = Field("UTC", description=TODAY_ZONE)
    from_: Instant | None = Field(
        None,
        alias="from",
        description="With `custom`: ISO-8601 with a zone; rounded up to a full minute.",
        examples=["2026-03-01T00:00:00+07:00"],
    )
    to: Instant | None = Field(
        None,
        description=f"With `custom`: at most {MAX_RANGE.days} days later; rounded down, or now if that is earlier.",
        examples=["2026-03-02T00:00:00+07:00"],
    )


class BreakdownParameters(RangeParameters):
    """A range, and the field by which its KPIs are broken down."""

    by: DimensionName = Field(description="An optional field of the events.")


def refuse_unknown(request: Request) -> None:
    """Refuse unknown parameters, a second value for a single-valued parameter, and a line break
    after the path.

    The routes' patterns end with `$`, which also matches before a trailing line break.
    Routes with parameters refuse others by their model. Raises `ParameterError` and `NotFoundError`.
    """
    known = request.scope["route"].dependant.query_params
    if not known and request.query_params:
        raise ParameterError((name, "There is no such parameter.") for name in request.query_params)
    if repeated := [name for model in known for name in _repeated(request, model.field_info.annotation)]:
        raise ParameterError(
            (name, "Is given more than once, but takes only one value.") for name in repeated
        )
    path: str = request.scope["path"]
    if path.endswith("\n") and not any(value.endswith("\n") for value in request.path_params.values()):
        raise NotFoundError(f"There is nothing at {path!r}.")


def _repeated(request: Request, model: type[BaseModel]) -> Iterator[str]:
    """Parameters of `model` that take one value but were given several: all but the last would be ignored."""
    for name, field in model.model_fields.items():
        asked_as = field.alias or name
        if get_origin(field.annotation) is not list and len(request.query_params.getlist(asked_as)) > 1:
            yield asked_as
