"""From the record's bytes to the text and JSON type of each field: strict, and without Python.

Two lanes that agree (a test compares them record by record):

- **canonical**: a flat object with exactly the contract's fields in the contract's order and
  nothing odd in it, as every ordinary producer writes it. One regular expression recognises
  it and thereby decides all rules but those on times; the quotes then cut it into its values.
- **exact**: everything else, through Spark's variant type. `try_parse_json` reads strict
  RFC 8259, but stops after the first value, so trailing text would pass. The text is
  therefore read as the first element of an array whose second one is the text's own hash:
  only text that is exactly one value leaves both in their places.

The exact lane alone costs about four times as much CPU (docs/performance.md).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from core.events import (
    AMOUNT_PRECISION,
    AMOUNT_SCALE,
    EVENT_TIME_PATTERN,
    FIELDS,
    MAX_ID_LENGTH,
    Field,
)

__all__ = [
    "AMOUNT_NUMBER",
    "CANONICAL_PATTERN",
    "evaluated_once",
    "is_canonical",
    "text_column",
    "type_column",
    "with_fields",
]

AMOUNT_NUMBER = "amount_number"
AMOUNT_TYPE = f"decimal({AMOUNT_PRECISION},{AMOUNT_SCALE})"


def _canonical_value(field: Field) -> str:
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


_SPACE = r"[ \t\n\r]*+"
_PAIRS = f"{_SPACE},{_SPACE}".join(
    f'"{field.name}"{_SPACE}:{_SPACE}{_canonical_value(field)}' for field in FIELDS
)
CANONICAL_PATTERN = rf"\A{_SPACE}\{{{_SPACE}{_PAIRS}{_SPACE}\}}{_SPACE}\z"
"""Printable ASCII identifiers, known enumerations, a plain amount: valid but perhaps for its times."""


def evaluated_once(frame: DataFrame, columns: dict[str, Column]) -> DataFrame:
    """Add `columns`, computed once a row.

    A plain column would be computed again in every condition that the optimizer pushes
    below it; it does not look through a generator function.
    """
    return frame.select(
        "*", F.inline(F.array(F.struct(*[column.alias(name) for name, column in columns.items()])))
    )


def with_fields(records: DataFrame, *, canonical_lane: bool = True) -> DataFrame:
    """Add what the record says.

    For each field its text (null where it is absent or null) and its JSON type as Spark
    names it (STRING, BIGINT, DECIMAL(p,s), DOUBLE, BOOLEAN, ARRAY<..>, OBJECT<..>, VOID;
    null where it is absent); `amount` (decimal; null where it does not fit) and
    `amount_number` (double); `is_text` (valid UTF-8), `is_whole` (exactly one JSON value)
    and `document` (variant). Of a canonical record only the texts and `amount` are set.

    Expects a column `value` (binary). `canonical_lane=False` sends all through the exact one.
    """
    text = F.col("value").cast("string")
    recognised = text.rlike(CANONICAL_PATTERN) if canonical_lane else F.lit(False)
    cut = evaluated_once(records, {"tokens": F.when(recognised, F.split(text, '"', -1))})
    return evaluated_once(_with_document(cut), _field_columns())


def is_canonical() -> Column:
    """Whether the record went through the canonical lane."""
    return F.col("tokens").isNotNull()


def text_column(column: str) -> str:
    """Name of the column that holds the text of an event's column."""
    return f"{column}_text"


def type_column(column: str) -> str:
    """Name of the column that holds the JSON type of an event's column."""
    return f"{column}_type"


def _with_document(cut: DataFrame) -> DataFrame:
    text = F.col("value").cast("string")
    is_text = F.when(~is_canonical(), F.coalesce(F.is_valid_utf8(F.col("value")), F.lit(False)))
    seal = F.xxhash64(text)
    sealed = F.concat(F.lit("["), text, F.lit(","), seal, F.lit("]"))
    document = F.when(is_text, F.try_parse_json(sealed))
    return evaluated_once(
        cut, {"is_text": is_text, "document": document, "seal": F.when(~is_canonical(), seal)}
    )


def _field_columns() -> dict[str, Column]:
    whole = F.coalesce(_get("$[1]", "bigint") == F.col("seal"), F.lit(False))
    columns = {"is_whole": F.when(~is_canonical(), whole)}
    for field, position in zip(FIELDS, _token_positions(), strict=True):
        exact = F.schema_of_variant(_get(f"$[0].{field.name}", "variant"))
        columns[type_column(field.column)] = F.when(~is_canonical(), exact)
        token = F.get(F.col("tokens"), position)
        said = F.when(is_canonical(), token).otherwise(_get(f"$[0].{field.name}", "string"))
        columns[text_column(field.column)] = said
        if field.kind == "amount":
            number = F.translate(token, ":, \t\n\r", "").cast(AMOUNT_TYPE)
            columns["amount"] = F.when(is_canonical(), number).otherwise(_get("$[0].amount", AMOUNT_TYPE))
            columns[AMOUNT_NUMBER] = F.when(~is_canonical(), _get("$[0].amount", "double"))
    return columns


def _token_positions() -> list[int]:
    """Where each field's value lies when the record is cut at its quotes."""
    positions, name_at = [], 1
    for field in FIELDS:
        quoted = field.kind != "amount"
        positions.append(name_at + (2 if quoted else 1))
        name_at += 4 if quoted else 2
    return positions


def _get(path: str, sql_type: str) -> Column:
    return F.try_variant_get(F.col("document"), path, sql_type)
