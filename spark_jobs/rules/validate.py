"""The verdict on each record: accepted, or a reject reason.

It depends only on the record and its Kafka time, so both queries, every batch and every
replay give the same verdict. The rules on the record are in `canonical` and `exact`, those on its
time here; all are built from `core.events`.
"""

from collections.abc import Collection

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from core.events import (
    DIMENSIONS,
    FIELDS,
    FUTURE_LIMIT,
    LATENESS_LIMIT,
    MAX_RECORD_BYTES,
    STORED_PAYLOAD_BYTES,
    UNKNOWN,
    RejectReason,
)
from spark_jobs.rules.canonical import (
    AMOUNT_TYPE,
    canonical_optional,
    canonical_texts,
    canonical_tokens,
)
from spark_jobs.rules.exact import exact_verdict

_FIELD_COLUMNS = tuple(field.column for field in FIELDS)
EVENT_COLUMNS = (*_FIELD_COLUMNS, *(dimension.column for dimension in DIMENSIONS))
PAYLOAD_COLUMNS = ("payload", "payload_bytes", "payload_sha256")
"""What is stored of a rejected record's value; the latter two are null if that is the whole value."""

_TYPES = {"event_time": "timestamp", "amount": AMOUNT_TYPE}


def validate(
    records: DataFrame,
    currencies: Collection[str],
    *,
    canonical_lane: bool = True,
    admit_late: bool = False,
) -> DataFrame:
    """Parse and validate raw records.

    Takes `topic`, `partition`, `offset`, `kafka_time` and `value` (binary); replaces the value by
    the columns of an event (`EVENT_COLUMNS`; without meaning if rejected), `reason`, `detail` and
    `PAYLOAD_COLUMNS` (null if accepted). `currencies` are those of the shop. `canonical_lane=False` sends every
    record through the exact lane; `admit_late=True`, only for the batch layer, skips the rule
    `late`.
    """
    bounded = _bounded(records)
    tokens = (
        canonical_tokens(F.col("value"), currencies) if canonical_lane else F.lit(None).cast("array<string>")
    )
    cut = _evaluated_once(bounded, {"tokens": tokens})
    exact = cut.withColumn(
        "exact", F.when(F.col("tokens").isNull(), exact_verdict(F.col("value"), currencies))
    )
    found = _evaluated_once(exact, _event_columns())
    validated = _evaluated_once(found, {"final_reason": _reason(admit_late)})
    reason = F.col("final_reason")
    return validated.select(
        *[name for name in records.columns if name != "value"],
        *_FIELD_COLUMNS,
        *_dimensions(),
        reason.alias("reason"),
        F.when(reason.isNotNull(), _detail()).alias("detail"),
        *_payload(reason.isNotNull()),
    )


def _bounded(records: DataFrame) -> DataFrame:
    """Replace a value that is too large by its beginning, before anything copies it.

    `large_bytes` and `large_sha256` describe the whole value; null if it is not too large.
    """
    value, size = F.col("value"), F.octet_length("value")
    is_large = size > MAX_RECORD_BYTES
    return records.select(
        *[name for name in records.columns if name != "value"],
        F.when(is_large, F.substring(value, 1, STORED_PAYLOAD_BYTES)).otherwise(value).alias("value"),
        F.when(is_large, size).alias("large_bytes"),
        F.when(is_large, F.sha2(value, 256)).alias("large_sha256"),
    )


def _payload(is_rejected: Column) -> list[Column]:
    value = F.col("value")
    size = F.coalesce(F.col("large_bytes"), F.octet_length(value))
    is_cut = is_rejected & (size > STORED_PAYLOAD_BYTES)
    sha256 = F.coalesce(F.col("large_sha256"), F.sha2(value, 256))
    kept = [
        F.when(is_rejected, F.substring(value, 1, STORED_PAYLOAD_BYTES)),
        F.when(is_cut, size),
        F.when(is_cut, sha256),
    ]
    return [column.alias(name) for column, name in zip(kept, PAYLOAD_COLUMNS, strict=True)]


def _evaluated_once(frame: DataFrame, columns: dict[str, Column]) -> DataFrame:
    """Add `columns`, computed once per row.

    A plain column would be computed again in every condition that the optimizer pushes
    below it; it does not look through a generator function.
    """
    values = [column.alias(name) for name, column in columns.items()]
    return frame.select("*", F.inline(F.array(F.struct(*values))))


def _event_columns() -> dict[str, Column]:
    tokens = F.col("tokens")
    columns = {}
    for name, text in canonical_texts(tokens).items():
        typed = text.try_cast(_TYPES[name]) if name in _TYPES else text
        columns[name] = F.when(tokens.isNotNull(), typed).otherwise(F.col(f"exact.{name}"))
    time_text = canonical_texts(tokens)["event_time"]
    columns["time_text"] = F.when(tokens.isNotNull(), time_text).otherwise(F.col("exact.time_text"))
    optional = canonical_optional(tokens)
    columns["optional"] = F.when(tokens.isNotNull(), optional).otherwise(F.col("exact.optional"))
    return columns


def _dimensions() -> list[Column]:
    """The columns of `DIMENSIONS`, each in its case."""
    columns = []
    for index, dimension in enumerate(DIMENSIONS):
        text = F.get(F.col("optional"), F.lit(index))
        in_case = F.upper(text) if dimension.upper else F.lower(text)
        columns.append(F.coalesce(in_case, F.lit(UNKNOWN)).alias(dimension.column))
    return columns


def _reason(admit_late: bool) -> Column:
    """The reason from the record, or else from its time."""
    event_time, kafka_time = F.col("event_time"), F.col("kafka_time")
    broken = (
        F.when(F.col("large_bytes").isNotNull(), RejectReason.TOO_LARGE.value)
        .when(F.col("exact.reason").isNotNull(), F.col("exact.reason"))
        .when(event_time.isNull(), RejectReason.BAD_EVENT_TIME.value)
    )
    if not admit_late:
        broken = broken.when(event_time < kafka_time - F.lit(LATENESS_LIMIT), RejectReason.LATE.value)
    return broken.when(event_time > kafka_time + F.lit(FUTURE_LIMIT), RejectReason.FUTURE.value)


def _detail() -> Column:
    """The size of a value that is too large, the exact lane's detail, or the invalid event time."""
    of_time = F.concat(F.lit("eventTime: "), F.col("time_text"))
    of_size = F.concat(F.col("large_bytes"), F.lit(" bytes"))
    return (
        F.when(F.col("large_bytes").isNotNull(), of_size)
        .when(F.col("exact.reason").isNotNull(), F.col("exact.detail"))
        .otherwise(of_time)
    )
