"""The reject rules of the contract as Spark columns, built from `core.events`.

A record's verdict depends on the record and its Kafka time alone, so both queries, every
batch and every replay judge it alike.
"""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from core.events import (
    AMOUNT_SCALE,
    EVENT_TIME_PATTERN,
    FIELDS,
    FUTURE_LIMIT,
    LATENESS_LIMIT,
    MAX_ID_LENGTH,
    WHITESPACE,
    Field,
    RejectReason,
)
from spark_jobs.parse import (
    AMOUNT_NUMBER,
    evaluated_once,
    is_canonical,
    text_column,
    type_column,
    with_fields,
)

__all__ = ["EVENT_COLUMNS", "judge"]

EVENT_COLUMNS = tuple(field.column for field in FIELDS)

INEXACT_NUMBER = r"[:,\[\s]-?[0-9.]{17}|[0-9][eE]-0*[0-9]{3}"
"""A number whose double may not say what its text said: many digits, or an exponent that underflows."""
DETAIL_LENGTH = 200

_TIME_REASONS = {RejectReason.BAD_EVENT_TIME, RejectReason.LATE, RejectReason.FUTURE}


@dataclass(frozen=True)
class Rule:
    """A way in which a record breaks the contract, and the field that does. `broken` may be
    null, which means no.
    """

    reason: RejectReason
    broken: Column
    field: str = ""


def judge(records: DataFrame, *, canonical_lane: bool = True) -> DataFrame:
    """Parse and judge raw records.

    Takes `topic`, `partition`, `offset`, `kafka_time` and `value`; adds the columns of an
    event (`id` ... `status`; without meaning where rejected), `reason` and `detail` (null
    where accepted). The record's own columns stay. `canonical_lane` as in `parse.with_fields`.
    """
    fields = with_fields(records, canonical_lane=canonical_lane)
    values = evaluated_once(
        fields, {field.column: _value(field) for field in FIELDS if field.kind != "amount"}
    )
    judged = evaluated_once(values, {"fault": _fault()})
    reason, name = F.col("fault.reason"), F.col("fault.field")
    return judged.select(
        *records.columns,
        *EVENT_COLUMNS,
        reason.alias("reason"),
        F.when(reason.isNotNull(), _detail(name)).alias("detail"),
    )


def _value(field: Field) -> Column:
    text = F.col(text_column(field.column))
    if field.kind == "event_time":
        # Java's $ also matches before a last line break, \z does not.
        whole = EVENT_TIME_PATTERN.removesuffix("$") + r"\z"
        return F.when(is_canonical() | text.rlike(whole), text.try_cast("timestamp"))
    return F.when(is_canonical(), text).otherwise(F.btrim(text, F.lit(WHITESPACE))) if field.trimmed else text


def _fault() -> Column:
    """The first broken rule as struct<reason, field>; null where none is broken.

    The pattern of a canonical record has decided every rule but those on its time.
    """
    rules = _rules()
    on_time = [rule for rule in rules if rule.reason in _TIME_REASONS]
    return F.when(is_canonical(), _first_broken(on_time)).otherwise(_first_broken(rules))


def _first_broken(rules: list[Rule]) -> Column:
    first, *others = rules
    chain = F.when(first.broken, _literal(first))
    for rule in others:
        chain = chain.when(rule.broken, _literal(rule))
    return chain


def _literal(rule: Rule) -> Column:
    return F.struct(F.lit(rule.reason.value).alias("reason"), F.lit(rule.field).alias("field"))


def _rules() -> list[Rule]:
    """Every rule, in the order in which reasons are given (`RejectReason`)."""
    rules = _document_rules() + _time_rules()
    for field in FIELDS:
        rules += _field_rules(field)
    order = list(RejectReason)
    return sorted(rules, key=lambda rule: order.index(rule.reason))


def _document_rules() -> list[Rule]:
    has_no_field = F.coalesce(*[F.col(type_column(field.column)) for field in FIELDS]).isNull()
    document = F.schema_of_variant(F.try_variant_get(F.col("document"), "$[0]", "variant"))
    return [
        Rule(RejectReason.NOT_UTF8, F.col("value").isNotNull() & ~F.col("is_text")),
        Rule(RejectReason.NOT_JSON, ~F.col("is_whole")),
        Rule(RejectReason.NOT_AN_OBJECT, has_no_field & ~document.startswith("OBJECT")),
    ]


def _field_rules(field: Field) -> list[Rule]:
    value, json_type = F.col(field.column), F.col(type_column(field.column))
    rules = [Rule(RejectReason.MISSING_FIELD, json_type.isNull() | (json_type == "VOID"), field.name)]
    if field.kind == "amount":
        return rules + _amount_rules(field)
    text = F.col(text_column(field.column))
    rules.append(Rule(RejectReason.WRONG_TYPE, json_type != "STRING", field.name))
    rules.append(Rule(RejectReason.BAD_CHARACTER, F.contains(text, F.lit("\0")), field.name))
    match field.kind:
        case "identifier":
            length = F.length(value)
            rules.append(Rule(RejectReason.BAD_LENGTH, (length < 1) | (length > MAX_ID_LENGTH), field.name))
        case "enumeration":
            rules.append(Rule(RejectReason.NOT_ALLOWED, ~value.isin(*field.allowed), field.name))
        case "event_time":
            rules.append(Rule(RejectReason.BAD_EVENT_TIME, value.isNull(), field.name))
    return rules


def _amount_rules(field: Field) -> list[Rule]:
    """A number in exponent notation, or with more than 38 digits, arrives as DOUBLE; it counts
    only where the double says exactly what the text said.
    """
    value, number, json_type = F.col("amount"), F.col(AMOUNT_NUMBER), F.col(type_column("amount"))
    is_decimal, is_double = json_type.startswith("DECIMAL"), json_type == "DOUBLE"
    scale_fits = F.substring(json_type, -3, 3).isin(*[f",{scale})" for scale in range(AMOUNT_SCALE + 1)])
    doubtful = F.col("value").cast("string").rlike(INEXACT_NUMBER)
    inexact = value.isNotNull() & ((value.cast("double") != number) | doubtful)
    return [
        Rule(RejectReason.WRONG_TYPE, (json_type != "BIGINT") & ~is_decimal & ~is_double, field.name),
        Rule(RejectReason.AMOUNT_NEGATIVE, number < 0, field.name),
        Rule(RejectReason.AMOUNT_TOO_PRECISE, (is_decimal & ~scale_fits) | (is_double & inexact), field.name),
        Rule(RejectReason.AMOUNT_TOO_LARGE, value.isNull(), field.name),
    ]


def _time_rules() -> list[Rule]:
    event_time, kafka_time = F.col("event_time"), F.col("kafka_time")
    return [
        Rule(RejectReason.LATE, event_time < kafka_time - F.lit(LATENESS_LIMIT), "eventTime"),
        Rule(RejectReason.FUTURE, event_time > kafka_time + F.lit(FUTURE_LIMIT), "eventTime"),
    ]


def _detail(name: Column) -> Column:
    """The field at fault and what it held (NUL made visible, cut to `DETAIL_LENGTH`); null where no field is."""
    first, *others = [(field.name, F.col(text_column(field.column))) for field in FIELDS]
    held = F.when(name == first[0], first[1])
    for field_name, text in others:
        held = held.when(name == field_name, text)
    shown = F.substring(F.translate(held, "\0", "\ufffd"), 1, DETAIL_LENGTH)
    return F.when(name != "", F.concat_ws(": ", name, shown))
