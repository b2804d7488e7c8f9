"""The amount as written: exact in every notation, unlike a double.

A variant stores a plain number of up to 38 digits exactly, and any other (an exponent, more digits) as a double:
`0.1e-400` becomes 0, and 7746075109451.351 may equal 7746075109451.35. Only for those is the text parsed.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from core.events import AMOUNT_PRECISION, AMOUNT_SCALE
from spark_jobs.rules.canonical import AMOUNT_TYPE
from spark_jobs.rules.let import let


def validated_amount(json_type: Column, plain_text: Column, plain: Column, text: Column) -> Column:
    """struct<negative, too_precise, amount>; `amount` is null if it does not fit.

    `json_type`, `plain_text` and `plain` are the type, text and decimal of the number in a variant; `text` is the
    whole record, valid JSON if the type is a number's.
    """
    excess_scale = json_type.startswith("DECIMAL") & ~json_type.rlike(f",[0-{AMOUNT_SCALE}]\\)$")
    by_variant = F.struct(
        plain_text.startswith("-").alias("negative"), excess_scale.alias("too_precise"), plain.alias("amount")
    )
    written = F.try_variant_get(F.try_parse_json(_numbers_as_strings(text)), "$.amount", "string")
    return F.when(json_type == "DOUBLE", _as_written(written)).otherwise(by_variant)


def _numbers_as_strings(text: Column) -> Column:
    """Valid JSON with each of its numbers in quotes, as written.

    Escaped backslashes and quotes are first replaced by other escapes, so that every quote begins or ends a string.
    One pattern for a whole string would be shorter, but Java's matcher overflows its stack on long strings.
    """
    spelled = F.replace(F.replace(text, F.lit(r"\\"), F.lit(r"\u005c")), F.lit(r"\""), F.lit(r"\u0022"))

    def outside_strings(piece: Column, index: Column) -> Column:
        quoted = F.regexp_replace(piece, "-?[0-9][0-9.eE+-]*+", '"$0"')
        return F.when(index % 2 == 0, quoted).otherwise(piece)

    return F.array_join(F.transform(F.split(spelled, '"', -1), outside_strings), '"')


def _as_written(number: Column) -> Column:
    """The same from the text of a JSON number.

    An exponent is read as a double: exact in the relevant range, infinite far beyond.
    """
    parts = F.regexp_replace(number, r"^(-?)([0-9]+)\.?([0-9]*)[eE]?(.*)$", "$1,$2,$3,$4")
    return let(F.split(parts, ",", -1), _by_powers)


def _by_powers(parts: Column) -> Column:
    sign, whole, fraction, exponent = (F.get(parts, index) for index in range(4))
    digits = F.regexp_replace(F.concat(whole, fraction), "0+$", "")
    power = F.coalesce(exponent.try_cast("double"), F.lit(0.0))
    last = F.when(F.btrim(digits, F.lit("0")) != "", power + F.length(whole) - F.length(digits)).otherwise(
        0.0
    )
    named = F.struct(
        F.btrim(digits, F.lit("0")).alias("digits"), last.alias("last_power"), sign.alias("sign")
    )
    return let(named, _validated)


def _validated(number: Column) -> Column:
    """`digits` without surrounding zeros (empty for zero); `last_power` is the power of ten of the last digit."""
    digits, last = number["digits"], number["last_power"]
    first = last + F.length(digits) - 1
    fits = (last >= -AMOUNT_SCALE) & (first < AMOUNT_PRECISION - AMOUNT_SCALE)
    plain = F.concat(F.lit("0"), digits, F.lit("E"), last.try_cast("int"))
    return F.struct(
        ((number["sign"] == "-") & (digits != "")).alias("negative"),
        (last < -AMOUNT_SCALE).alias("too_precise"),
        F.when(fits, plain.try_cast(AMOUNT_TYPE)).alias("amount"),
    )
