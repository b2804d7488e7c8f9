"""The verdict on each record: an event, or a reason why not.

It depends on the record and its Kafka time alone, so both queries, every batch and every
replay judge alike. The rules on the record are in `canonical` and `exact`, those on its
time here; all are built from `core.events`.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from core.events import FIELDS, FUTURE_LIMIT, LATENESS_LIMIT, RejectReason
from spark_jobs.canonical import AMOUNT_TYPE, canonical_texts, canonical_tokens
from spark_jobs.exact import exact_verdict

__all__ = ["EVENT_COLUMNS", "judge"]

EVENT_COLUMNS = tuple(field.column for field in FIELDS)
_TYPES = {"event_time": "timestamp", "amount": AMOUNT_TYPE}


def judge(records: DataFrame, *, canonical_lane: bool = True, admit_late: bool = False) -> DataFrame:
    """Parse and judge raw records.

    Takes `topic`, `partition`, `offset`, `kafka_time` and `value` (binary); adds the columns
    of an event (`id` ... `status`; without meaning where rejected), `reason` and `detail`
    (null where accepted). The record's own columns stay. `canonical_lane=False` sends every
    record through the exact lane; `admit_late=True`, for the batch layer alone, leaves the rule
    `late` out.
    """
    tokens = canonical_tokens(F.col("value")) if canonical_lane else F.lit(None).cast("array<string>")
    cut = _evaluated_once(records, {"tokens": tokens})
    exact = cut.withColumn("exact", F.when(F.col("tokens").isNull(), exact_verdict(F.col("value"))))
    said = _evaluated_once(exact, _event_columns())
    judged = _evaluated_once(said, {"final_reason": _reason(admit_late)})
    reason = F.col("final_reason")
    return judged.select(
        *records.columns,
        *EVENT_COLUMNS,
        reason.alias("reason"),
        F.when(reason.isNotNull(), _detail()).alias("detail"),
    )


def _evaluated_once(frame: DataFrame, columns: dict[str, Column]) -> DataFrame:
    """Add `columns`, computed once a row.

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
    return columns


def _reason(admit_late: bool) -> Column:
    """The reason from the record itself, or else from its time."""
    event_time, kafka_time = F.col("event_time"), F.col("kafka_time")
    broken = F.when(F.col("exact.reason").isNotNull(), F.col("exact.reason")).when(
        event_time.isNull(), RejectReason.BAD_EVENT_TIME.value
    )
    if not admit_late:
        broken = broken.when(event_time < kafka_time - F.lit(LATENESS_LIMIT), RejectReason.LATE.value)
    return broken.when(event_time > kafka_time + F.lit(FUTURE_LIMIT), RejectReason.FUTURE.value)


def _detail() -> Column:
    """What the exact lane says, or the event time that is at fault."""
    of_time = F.concat(F.lit("eventTime: "), F.col("time_text"))
    return F.when(F.col("exact.reason").isNotNull(), F.col("exact.detail")).otherwise(of_time)
