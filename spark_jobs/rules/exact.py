"""The exact lane: any bytes, validated by every rule of the contract in turn.

`try_parse_json` reads strict RFC 8259, but stops after the first value, so trailing text
would pass. The text is therefore parsed as the first element of an array whose second element
is the text's hash: only text that is exactly one value leaves both in place.

Few records come here, so the expressions are small rather than fast: the
plan of every micro-batch carries them (docs/performance.md).
"""

from collections.abc import Callable, Collection

from pyspark.sql import Column
from pyspark.sql import functions as F

from core.events import (
    DIMENSION_CHARACTERS,
    DIMENSIONS,
    EVENT_TIME_PATTERN,
    FIELDS,
    MAX_DIMENSION_LENGTH,
    MAX_ID_LENGTH,
    WHITESPACE,
    RejectReason,
    fields_with,
)
from spark_jobs.rules.amount import validated_amount
from spark_jobs.rules.canonical import AMOUNT_TYPE
from spark_jobs.rules.let import let

DETAIL_LENGTH = 200
AMOUNT_AT = next(index for index, field in enumerate(FIELDS) if field.kind == "amount")
EVENT_TIME = EVENT_TIME_PATTERN.removesuffix("$") + r"\z"
"""Java's `$` also matches before a last line break, `\\z` does not."""

DIMENSION = rf"\A[{DIMENSION_CHARACTERS}]{{1,{MAX_DIMENSION_LENGTH}}}\z"


def exact_verdict(value: Column, currencies: Collection[str]) -> Column:
    """The verdict on one record's bytes, except for times relative to Kafka's.

    Returns struct<event columns..., reason, detail, time_text>; the event's columns have no
    meaning if `reason` is set.
    """
    text = value.cast("string")
    is_text = F.coalesce(F.is_valid_utf8(value), F.lit(False))
    seal = F.xxhash64(text)
    sealed = F.concat(F.lit("["), text, F.lit(","), seal, F.lit("]"))
    return let(
        F.when(is_text, F.try_parse_json(sealed)),
        lambda document: let(
            _fields(document, currencies),
            lambda fields: let(
                _amount(text, document, fields[AMOUNT_AT]),
                lambda amount: _verdict(value, document, seal, fields, amount),
            ),
        ),
    )


def _amount(text: Column, document: Column, field: Column) -> Column:
    plain = F.try_variant_get(document, "$[0].amount", AMOUNT_TYPE)
    return validated_amount(field["type"], field["text"], plain, text)


def _fields(document: Column, currencies: Collection[str]) -> Column:
    """array<struct<name, kind, allowed, type, text>>, one per field; null if the value is not an object.

    `type` is the JSON type as Spark names it (STRING, BIGINT, DECIMAL(p,s), DOUBLE, BOOLEAN,
    ARRAY<..>, OBJECT<..>, VOID), null if the field is absent; `text` is the trimmed text.
    """
    known = F.array(
        *[
            F.struct(
                F.lit(field.name).alias("name"),
                F.lit(field.kind).alias("kind"),
                F.lit(field.trimmed).alias("trimmed"),
                F.array(*map(F.lit, field.allowed)).cast("array<string>").alias("allowed"),
            )
            for field in fields_with(currencies)
        ]
    )
    found = F.try_variant_get(document, "$[0]", "map<string,variant>")
    return F.when(found.isNotNull(), let(found, lambda names: F.transform(known, lambda f: _field(f, names))))


def _field(field: Column, names: Column) -> Column:
    value = F.try_element_at(names, field["name"])
    text = F.try_variant_get(value, "$", "string")
    trimmed = F.when(field["trimmed"], F.btrim(text, F.lit(WHITESPACE))).otherwise(text)
    return F.struct(
        field["name"].alias("name"),
        field["kind"].alias("kind"),
        field["allowed"].alias("allowed"),
        F.schema_of_variant(value).alias("type"),
        trimmed.alias("text"),
    )


def _verdict(value: Column, document: Column, seal: Column, fields: Column, amount: Column) -> Column:
    texts = {field.column: fields[index]["text"] for index, field in enumerate(FIELDS)}
    event_time = F.when(texts["event_time"].rlike(EVENT_TIME), texts["event_time"].try_cast("timestamp"))
    columns = texts | {"event_time": event_time, "amount": amount["amount"]}
    is_whole = F.coalesce(F.try_variant_get(document, "$[1]", "bigint") == seal, F.lit(False))
    faults = [
        _fault(RejectReason.NOT_UTF8, F.when(~F.is_valid_utf8(value), F.lit(""))),
        _fault(RejectReason.NOT_JSON, F.when(~is_whole, F.lit(""))),
        _fault(RejectReason.NOT_AN_OBJECT, F.when(fields.isNull(), F.lit(""))),
        *[_fault(reason, _first_name(fields, broken)) for reason, broken in _FIELD_RULES.items()],
        _fault(RejectReason.BAD_EVENT_TIME, F.when(event_time.isNull(), F.lit("eventTime"))),
        *[_fault(reason, F.when(broken, F.lit("amount"))) for reason, broken in _amount_rules(amount)],
    ]
    return let(
        F.coalesce(*faults),
        lambda fault: F.struct(
            *[column.alias(name) for name, column in columns.items()],
            fault["reason"].alias("reason"),
            _detail(fault["field"], fields).alias("detail"),
            texts["event_time"].alias("time_text"),
            _optional(document).alias("optional"),
        ),
    )


def _optional(document: Column) -> Column:
    """array<string>: the text of each optional field, null if unknown, in the order of `DIMENSIONS`.

    Found by path, because each field of the map of `_fields` costs time in a long record.
    """
    paths = [f"$[0].{dimension.name}" for dimension in DIMENSIONS]
    return F.transform(F.array(*[F.try_variant_get(document, path, "variant") for path in paths]), _known)


def _known(value: Column) -> Column:
    text = F.btrim(F.try_variant_get(value, "$", "string"), F.lit(WHITESPACE))
    return F.when((F.schema_of_variant(value) == "STRING") & text.rlike(DIMENSION), text)


def _fault(reason: RejectReason, field: Column) -> Column:
    """struct<reason, field> if `field` (the invalid field, empty for the whole record) is set."""
    return F.when(field.isNotNull(), F.struct(F.lit(reason.value).alias("reason"), field.alias("field")))


def _first_name(fields: Column, broken: Callable[[Column], Column]) -> Column:
    return F.get(F.filter(fields, broken), 0)["name"]


def _is_missing(field: Column) -> Column:
    return field["type"].isNull() | (field["type"] == "VOID")


def _has_wrong_type(field: Column) -> Column:
    wanted = F.when(field["kind"] == "amount", r"^(BIGINT|DOUBLE|DECIMAL.*)$").otherwise("^STRING$")
    return ~F.regexp_like(field["type"], wanted)


def _has_bad_character(field: Column) -> Column:
    return F.contains(field["text"], F.lit("\0"))


def _has_bad_length(field: Column) -> Column:
    return (field["kind"] == "identifier") & ~F.length(field["text"]).between(1, MAX_ID_LENGTH)


def _is_not_allowed(field: Column) -> Column:
    return (field["kind"] == "enumeration") & ~F.array_contains(field["allowed"], field["text"])


_FIELD_RULES = {
    RejectReason.MISSING_FIELD: _is_missing,
    RejectReason.WRONG_TYPE: _has_wrong_type,
    RejectReason.BAD_CHARACTER: _has_bad_character,
    RejectReason.BAD_LENGTH: _has_bad_length,
    RejectReason.NOT_ALLOWED: _is_not_allowed,
}
"""Rules on single fields; the first field that breaks one is reported."""


def _amount_rules(amount: Column) -> list[tuple[RejectReason, Column]]:
    return [
        (RejectReason.AMOUNT_NEGATIVE, amount["negative"]),
        (RejectReason.AMOUNT_TOO_PRECISE, amount["too_precise"]),
        (RejectReason.AMOUNT_TOO_LARGE, amount["amount"].isNull()),
    ]


def _detail(name: Column, fields: Column) -> Column:
    """The invalid field and its value (NUL made visible, cut to `DETAIL_LENGTH`); null if there is none."""
    held = F.get(F.filter(fields, lambda field: field["name"] == name), 0)["text"]
    shown = F.substring(F.translate(held, "\0", "\ufffd"), 1, DETAIL_LENGTH)
    return F.when(name != "", F.concat_ws(": ", name, shown))
