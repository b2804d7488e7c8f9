"""The canonical lane: records as ordinary producers write them, validated by one pattern.

A canonical record is a flat object with exactly the contract's fields in the contract's
order, then any of the optional ones in theirs, and no special cases. The pattern covers every rule except those on times, and the
text is then split at its quotes. All other records take the exact lane (`spark_jobs.rules.exact`),
which gives the same verdict on a canonical record (a test compares the two).
"""

from collections.abc import Collection

from pyspark.sql import Column
from pyspark.sql import functions as F

from core.events import (
    AMOUNT_PRECISION,
    AMOUNT_SCALE,
    DIMENSION_CHARACTERS,
    DIMENSIONS,
    EVENT_TIME_PATTERN,
    FIELDS,
    MAX_DIMENSION_LENGTH,
    MAX_ID_LENGTH,
    Field,
    fields_with,
)
from spark_jobs.rules.let import let

AMOUNT_TYPE = f"decimal({AMOUNT_PRECISION},{AMOUNT_SCALE})"


def _value_pattern(field: Field) -> str:
    match field.kind:
        case "identifier":
            return rf'"[!#-\[\]-~]{{1,{MAX_ID_LENGTH}}}+"'
        case "enumeration":
            return f'"(?:{"|".join(field.allowed)})"'
        case "event_time":
            return '"' + EVENT_TIME_PATTERN.removeprefix("^").removesuffix("$") + '"'
        case "amount":
            whole = f"(?:0|[1-9][0-9]{{0,{AMOUNT_PRECISION - AMOUNT_SCALE - 1}}}+)"
            return whole + rf"(?:\.[0-9]{{1,{AMOUNT_SCALE}}}+)?+"


def canonical_pattern(currencies: Collection[str]) -> str:
    """Printable ASCII identifiers, known enumerations, a plain amount: valid except perhaps for its times."""
    space = r"[ \t\n\r]*+"
    pairs = [f'"{field.name}"{space}:{space}{_value_pattern(field)}' for field in fields_with(currencies)]
    return (
        rf"\A{space}\{{{space}{f'{space},{space}'.join(pairs)}{space}{_optional_pattern(space)}\}}{space}\z"
    )


def _optional_pattern(space: str) -> str:
    value = f'"[{DIMENSION_CHARACTERS}]{{0,{MAX_DIMENSION_LENGTH}}}+"'
    return "".join(
        f'(?:,{space}"{dimension.name}"{space}:{space}{value}{space})?+' for dimension in DIMENSIONS
    )


def canonical_tokens(value: Column, currencies: Collection[str]) -> Column:
    """The record (binary) split at its quotes; null if it is not canonical."""
    text = value.cast("string")
    return F.when(text.rlike(canonical_pattern(currencies)), F.split(text, '"', -1))


def canonical_texts(tokens: Column) -> dict[str, Column]:
    """The text of each event column, from the record's tokens."""
    texts, name_at = {}, 1
    for field in FIELDS:
        if field.kind == "amount":
            texts[field.column] = F.translate(F.get(tokens, name_at + 1), ":, \t\n\r", "")
            name_at += 2
        else:
            texts[field.column] = F.get(tokens, name_at + 2)
            name_at += 4
    return texts


_OPTIONAL_AT = 1 + sum(2 if field.kind == "amount" else 4 for field in FIELDS)
"""Place (from 1) of the token after the last of `FIELDS`."""


def canonical_optional(tokens: Column) -> Column:
    """array<string>: the text of each optional field, null if it is absent, in the order of `DIMENSIONS`."""
    rest = F.array_join(F.slice(tokens, _OPTIONAL_AT, 4 * len(DIMENSIONS) + 1), "")
    texts = F.str_to_map(F.translate(rest, "} \t\n\r", ""), F.lit(","), F.lit(":"))
    names = F.array(*[F.lit(dimension.name) for dimension in DIMENSIONS])
    found = let(texts, lambda fields: F.transform(names, lambda name: F.try_element_at(fields, name)))
    return F.when(F.size(tokens) > _OPTIONAL_AT, found)
