"""JSON whose numbers keep every digit that was sent: an amount is never rounded on its way through.

The libraries' own floats would turn 1.000000000000000001, which the contract rejects, into an acceptable 1.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

import orjson

DIGITS_OF_AN_INT = 18
"""A longer whole number may not fit the 64 bits that the encoder takes."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= DIGITS_OF_AN_INT else Decimal(text)


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=_whole, parse_constant=_refuse)
_WHITESPACE = " \t\n\r"


def loads(text: str | bytes) -> Any:
    """The value of a JSON text. Raises `ValueError` for anything else."""
    try:
        return _DECODER.decode(text.decode() if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def dumps(value: Any) -> bytes:
    """JSON of what `loads` returned. Raises `ValueError` for a text that UTF-8 cannot encode."""
    try:
        return orjson.dumps(value, default=_encoded)
    except orjson.JSONEncodeError as error:
        raise ValueError(str(error)) from None


def elements(text: str) -> Iterator[tuple[str, Any]]:
    """Each element of a JSON array, as it is written and as a value. Raises `ValueError` if it is not one."""
    at = _after_blanks(text, 0)
    if text[at : at + 1] != "[":
        raise ValueError("it is not a JSON array")
    at = _after_blanks(text, at + 1)
    closed = text[at : at + 1] == "]"
    while not closed:
        value, end = _one(text, at)
        yield text[at:end], value
        at = _after_blanks(text, end)
        closed = text[at : at + 1] == "]"
        if not closed:
            if text[at : at + 1] != ",":
                raise ValueError(f"a comma or the end of the array is missing at character {at}")
            at = _after_blanks(text, at + 1)
    if _after_blanks(text, at + 1) != len(text):
        raise ValueError("there is text after the array")


def _one(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in _WHITESPACE:
        at += 1
    return at


def _encoded(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode())
    raise TypeError(f"{type(value).__name__} is not JSON")
