"""The canonical lane is a short cut, not a second opinion: both lanes give one verdict."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from core.currencies import DEFAULT_CURRENCIES
from spark_jobs.rules.canonical import canonical_pattern
from spark_jobs.rules.validate import EVENT_COLUMNS, validate
from tests.corpus import RECORDS
from tests.integration.spark_jobs.test_rules import NOW, PLAIN, payloads_of, records

CANONICAL = re.compile(canonical_pattern(DEFAULT_CURRENCIES).replace(r"\z", r"\Z"))
BATCH = 200


def outcomes(frame: DataFrame, *, canonical_lane: bool) -> list[dict[str, Any]]:
    """Verdict and values of each record, in order; times as text, for years that Python lacks."""
    validated = validate(frame, DEFAULT_CURRENCIES, canonical_lane=canonical_lane)
    values = [
        F.when(F.col("reason").isNull(), F.col(name).cast("string")).alias(name) for name in EVENT_COLUMNS
    ]
    rows = validated.select("offset", "reason", "detail", *values).toArrow().to_pylist()
    return sorted(rows, key=lambda row: int(row["offset"]))


def test_the_corpus_gets_one_verdict_from_both_lanes(spark: SparkSession) -> None:
    frame = records(spark, payloads_of(RECORDS))
    assert outcomes(frame, canonical_lane=True) == outcomes(frame, canonical_lane=False)


def test_the_corpus_takes_both_lanes() -> None:
    payloads = [payload for payload in payloads_of(RECORDS) if payload is not None]
    canonical = sum(bool(CANONICAL.match(payload.decode("utf-8", "replace"))) for payload in payloads)
    assert 20 < canonical < len(payloads) - 20


@pytest.mark.timeout(300)
@examples(
    max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(data=st.data())
def test_a_record_with_one_character_changed_gets_one_verdict_from_both_lanes(
    spark: SparkSession, data: st.DataObject
) -> None:
    plain = PLAIN.payload(NOW)
    assert plain is not None
    optional = ',"paymentMethod":"Card","channel":"web","country":"vn","failureReason":"no_funds"}'
    text = plain.decode()[:-1] + data.draw(st.sampled_from(("}", optional)))
    character = st.sampled_from('"\\{}[]:,.-+eEtZ019a\u0000\t\n \u00e9\U0001f600/')
    changed: list[bytes | None] = []
    for _ in range(BATCH):
        at = data.draw(st.integers(0, len(text)))
        kept = data.draw(st.integers(0, 1))
        changed.append((text[:at] + data.draw(character) + text[at + kept :]).encode())
    frame = records(spark, changed)
    assert outcomes(frame, canonical_lane=True) == outcomes(frame, canonical_lane=False)
