"""Where one field of an event comes from: texts, amounts and times, with their units and formats."""

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from intake.mapping.errors import UnmappedError
from intake.mapping.expression import Expression, find

NUMBER = re.compile(r"[+-]?[0-9]{1,28}(\.[0-9]{1,28})?")
LONGEST_NUMBER = 28
"""Digits up to which Python's decimals are exact by default."""

OTHER = "other"
"""The key of a table of currencies that stands for all others."""

SHORTEST_DATE_TIME = len("2026-03-01T09:30")
Document = dict[str, Any]


class Part(BaseModel):
    """A part of a source's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _path_alone(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _zone(name: str | None) -> str | None:
    if name is not None:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError(
                f"there is no time zone '{name}'; write one such as Asia/Ho_Chi_Minh or UTC"
            ) from None
    return name


class Text(Part):
    """A text: found by `path` or the fixed `value`.

    `none` lists what counts as absent, `table` replaces values (one that is not in it counts as absent), `default`
    stands for what is absent, `prefix` is put before what was found.
    """

    path: Expression = None
    value: str | None = None
    none: tuple[str, ...] = ()
    table: dict[str, str] = {}
    prefix: str = ""
    default: str | None = None
    upper: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> "Text":
        if (self.path is None) == (self.value is None):
            raise ValueError("give either `path` or `value`")
        return self

    def read(self, document: Document, name: str) -> str:
        """The text. Raises `UnmappedError` if there is none and no default."""
        found = self.value if self.path is None else _as_text(find(self.path, document), name)
        if found is not None and (found in self.none or not found):
            found = None
        if found is not None and self.table:
            found = self.table.get(found)
        if found is not None:
            return self.prefix + (found.upper() if self.upper else found)
        if self.default is None:
            raise UnmappedError(f"no_{name}", f"{name}: no usable value at {self.place}")
        return self.default

    @property
    def place(self) -> str:
        """The path, for messages."""
        return "a fixed value" if self.path is None else f"`{self.path.expression}`"


class Amount(Part):
    """Money. A list is summed.

    `divide_by`: the sender multiplies all amounts. `decimals`: it sends amounts in the currency's smallest unit; the number
    of decimals by currency (`other`: all that are not listed). `absolute`: it sends refunds as negative amounts.
    """

    path: Expression
    divide_by: Literal[1, 10, 100, 1000] = 1
    decimals: dict[str, Annotated[int, Field(ge=0, le=4)]] = {}
    absolute: bool = False

    @model_validator(mode="after")
    def _has_one_unit(self) -> "Amount":
        if self.decimals and self.divide_by != 1:
            raise ValueError("give either `divide_by` or `decimals`")
        if self.decimals and OTHER not in self.decimals:
            raise ValueError(f"`decimals` needs a value for `{OTHER}`")
        return self

    def read(self, document: Document, currency: str) -> Decimal:
        """The amount in units of the currency, exactly. Raises `UnmappedError`."""
        found = find(self.path, document)
        many = found if isinstance(found, list) else [found]
        if not many or found is None:
            raise UnmappedError("no_amount", f"amount: nothing at {self.place}")
        total = sum((_as_number(each, self.place) for each in many), Decimal(0))
        shift = self.decimals.get(currency, self.decimals.get(OTHER, 0)) if self.decimals else 0
        amount = total.scaleb(-(shift or len(str(self.divide_by)) - 1))
        return abs(amount) if self.absolute else amount

    @property
    def place(self) -> str:
        """The path, for messages."""
        return f"`{self.path.expression}`"


class Moment(Part):
    """A time. `format` is `iso`, `unix_s`, `unix_ms` or a pattern of `strptime`; `zone` is for times that name none.

    `default: received` uses the time of the request if there is none.
    """

    path: Expression
    format: str = "iso"
    zone: Annotated[str | None, AfterValidator(_zone)] = None
    default: Literal["received"] | None = None

    @model_validator(mode="after")
    def _is_a_format(self) -> "Moment":
        if self.format not in ("iso", "unix_s", "unix_ms") and "%" not in self.format:
            raise ValueError("`format` is iso, unix_s, unix_ms or a pattern such as %Y%m%d%H%M%S")
        return self

    def read(self, document: Document, name: str, received_at: datetime | None) -> datetime:
        """The time, aware. Raises `UnmappedError`."""
        text = _as_text(find(self.path, document), name)
        if not text:
            if self.default == "received" and received_at is not None:
                return received_at
            raise UnmappedError(f"no_{name}", f"{name}: nothing at {self.place}")
        try:
            return self._parsed(text)
        except (ValueError, OverflowError, OSError):
            raise UnmappedError(
                f"bad_{name}", f"{name}: '{text[:40]}' at {self.place} is not in the format {self.format}"
            ) from None

    def _parsed(self, text: str) -> datetime:
        if self.format in ("unix_s", "unix_ms"):
            return datetime.fromtimestamp(float(text) / (1000 if self.format == "unix_ms" else 1), UTC)
        if self.format == "iso":
            if len(text) < SHORTEST_DATE_TIME:
                raise ValueError("a date without a time")
            found = datetime.fromisoformat(text)
        else:
            found = datetime.strptime(text, self.format)  # noqa: DTZ007  # its zone is added below
        if found.tzinfo is None:
            if self.zone is None:
                raise ValueError("no zone")
            found = found.replace(tzinfo=_tzinfo(self.zone))
        return found

    @property
    def place(self) -> str:
        """The path, for messages."""
        return f"`{self.path.expression}`"


TextField = Annotated[Text, BeforeValidator(_path_alone)]
AmountField = Annotated[Amount, BeforeValidator(_path_alone)]
MomentField = Annotated[Moment, BeforeValidator(_path_alone)]


def _tzinfo(name: str) -> tzinfo:
    return ZoneInfo(name)


def _as_text(found: Any, name: str) -> str | None:
    match found:
        case None:
            return None
        case bool():
            return str(found).lower()
        case str():
            return found.strip()
        case int() | Decimal():
            return str(found)
        case _:
            raise UnmappedError(f"bad_{name}", f"{name}: found a list or an object instead of a text")


def _as_number(found: Any, place: str) -> Decimal:
    text = (
        str(found).strip() if isinstance(found, str | int | Decimal) and not isinstance(found, bool) else ""
    )
    if isinstance(found, Decimal) and found.is_finite() and abs(found.adjusted()) < LONGEST_NUMBER:
        text = format(found, "f")
    if not NUMBER.fullmatch(text) or sum(each.isdigit() for each in text) > LONGEST_NUMBER:
        raise UnmappedError("bad_amount", f"amount: the value at {place} is not a number such as 129.95")
    return Decimal(text)
