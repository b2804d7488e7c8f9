"""The events of a line: one that is an event already, or those that a source makes of it."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import orjson

from core.events import DIMENSIONS, FIELDS
from intake.history.files import Line
from intake.mapping.errors import SourceError
from intake.mapping.mapper import map_request
from intake.mapping.payload import message
from intake.mapping.registry import Registry

EVENTS = "events"
"""The source of files whose lines are events of the contract."""

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
"""A JSON number (RFC 8259, section 6)."""

Mapping = Callable[[Line], list[bytes]]
"""The events of a line as JSON; raises `UnmappedError`."""

Row = tuple[int, bytes, str | None, str | None]
"""A row of `core.history.ROWS`."""


def mapping_of(name: str, registry: Registry, headers: dict[str, str]) -> Mapping:
    """How the source of that name maps a line; `headers` are those of its messages. Raises `SourceError`."""
    if name == EVENTS:
        return _as_event
    source = registry.get(name)
    if source is None:
        raise SourceError(f"There is no source '{name}'; there are {', '.join([EVENTS, *registry.names()])}.")
    if missing := [each for each in source.headers if each not in headers]:
        raise SourceError(
            f"The messages of {source.title} are distinguished by a header, which a file does not have: "
            f"add --header '{missing[0]}: ...' (`orderpulse source show {name}` lists the messages)."
        )
    return lambda line: [
        event.value for event in map_request(source, message(source, line.content, headers), None)
    ]


def require_columns(columns: Iterable[str], path: Path) -> None:
    """Raise `SourceError` if a file of events lacks a column."""
    found = set(columns)
    if missing := [field.name for field in FIELDS if field.name not in found]:
        raise SourceError(
            f"{path} has no column {', '.join(missing)}. A file of events has the columns "
            f"{', '.join(field.name for field in FIELDS)}; describe any other file in a source "
            "(docs/connect.md, History)."
        )


def require_event(rows: Sequence[Row], path: Path, columns: Iterable[str] | None) -> None:
    """Raise `SourceError` if none of a file's first rows is an event: Spark would start for nothing."""
    faults = ((number, _fault(value, reason, detail)) for number, value, reason, detail in rows)
    first = next(faults, None)
    if first is None or first[1] is None or any(fault is None for _, fault in faults):
        return
    number, why = first
    named = "" if columns is None else f" Its columns are {', '.join(columns)}."
    raise SourceError(
        f"{path} cannot be imported: none of its first {len(rows):,} records gives an event. "
        f"Line {number}: {why}.{named} Choose the source that describes the file (docs/connect.md, History)."
    )


def _fault(value: bytes, reason: str | None, detail: str | None) -> str | None:
    """Why a row is no event, if it is not even an object; the batch layer judges the rest."""
    if reason is not None:
        return f"{reason} ({detail})"
    try:
        return None if isinstance(orjson.loads(value), dict) else "it is JSON, but not an object"
    except orjson.JSONDecodeError:
        return "it is not JSON"


def _as_event(line: Line) -> list[bytes]:
    """A JSON line as it is; a row as an object whose empty cells are absent."""
    if line.cells is None:
        return [line.content]
    filled = {name: cell for name, cell in line.cells.items() if cell}
    known = (field.name for field in (*FIELDS, *DIMENSIONS))
    event = {name: filled.pop(name) for name in known if name in filled}
    return [orjson.dumps({name: _typed(name, cell) for name, cell in (event | filled).items()})]


def _typed(name: str, cell: str) -> str | orjson.Fragment:
    """An amount as a number with the digits of the cell, if it is one."""
    is_number = name in _NUMBERS and NUMBER.fullmatch(cell) is not None
    return orjson.Fragment(cell) if is_number else cell


_NUMBERS = {field.name for field in FIELDS if field.kind == "amount"}
