"""From the record's bytes to a JSON document and its fields: strict, and without Python.

`try_parse_json` reads strict RFC 8259, but stops after the first value, so trailing text
would pass. The text is therefore read as the first element of an array whose second one
is the text's own hash: only text that is exactly one value leaves both in their places.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from core.events import AMOUNT_PRECISION, AMOUNT_SCALE, FIELDS

__all__ = ["AMOUNT_NUMBER", "evaluated_once", "text_column", "type_column", "with_document", "with_fields"]

AMOUNT_NUMBER = "amount_number"
AMOUNT_TYPE = f"decimal({AMOUNT_PRECISION},{AMOUNT_SCALE})"


def evaluated_once(frame: DataFrame, columns: dict[str, Column]) -> DataFrame:
    """Add `columns`, computed once a row.

    A plain column would be computed again in every condition that the optimizer pushes
    below it; it does not look through a generator function.
    """
    return frame.select(
        "*", F.inline(F.array(F.struct(*[column.alias(name) for name, column in columns.items()])))
    )


def with_document(records: DataFrame) -> DataFrame:
    """Add `is_text` (valid UTF-8), `document` (variant, null where the text is not JSON) and `seal`.

    Expects a column `value` (binary).
    """
    text = F.col("value").cast("string")
    seal = F.xxhash64(text)
    is_text = F.coalesce(F.is_valid_utf8(F.col("value")), F.lit(False))
    sealed = F.concat(F.lit("["), text, F.lit(","), seal, F.lit("]"))
    return evaluated_once(
        records, {"is_text": is_text, "document": F.when(is_text, F.try_parse_json(sealed)), "seal": seal}
    )


def with_fields(parsed: DataFrame) -> DataFrame:
    """Add what the document says: for each field its JSON type and its text, and beside them
    `is_whole` (exactly one JSON value), `amount` (decimal) and `amount_number` (double).

    A type is Spark's name for it: STRING, BIGINT, DECIMAL(p,s), DOUBLE, BOOLEAN, ARRAY<..>,
    OBJECT<..>, VOID for null; null where the field is absent. The text is null where the
    field is absent or null.
    """
    whole = F.coalesce(_get("$[1]", "bigint") == F.col("seal"), F.lit(False))
    columns = {"is_whole": whole}
    for field in FIELDS:
        columns[type_column(field.column)] = F.schema_of_variant(_get(f"$[0].{field.name}", "variant"))
        columns[text_column(field.column)] = _get(f"$[0].{field.name}", "string")
    columns["amount"] = _get("$[0].amount", AMOUNT_TYPE)
    columns[AMOUNT_NUMBER] = _get("$[0].amount", "double")
    return evaluated_once(parsed, columns)


def type_column(column: str) -> str:
    """Name of the column that holds the JSON type of an event's column."""
    return f"{column}_type"


def text_column(column: str) -> str:
    """Name of the column that holds the text of an event's column."""
    return f"{column}_text"


def _get(path: str, sql_type: str) -> Column:
    return F.try_variant_get(F.col("document"), path, sql_type)
