"""The rules in Spark give every record of the corpus the verdict of the contract, whatever the batch."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from functools import partial
from hashlib import sha256
from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from core.clock import to_iso8601
from core.currencies import DEFAULT_CURRENCIES
from core.events import (
    FIELDS,
    FUTURE_LIMIT,
    LATENESS_LIMIT,
    MAX_RECORD_BYTES,
    STORED_PAYLOAD_BYTES,
    RejectReason,
)
from spark_jobs.evaluation import Evaluation
from spark_jobs.kpis import GRAIN
from spark_jobs.rules import validate as rules
from tests.corpus import RECORDS, Record
from tests.corpus.records import OPTIONAL_LITERALS, OPTIONAL_NAMES
from tests.truth import OPTIONAL, optional_of

NOW = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SCHEMA = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("kafka_time", pa.timestamp("us", "UTC")),
        ("value", pa.binary()),
    ]
)
PLAIN = RECORDS[0]
LANES = ("canonical", "exact")
EXPECTED = [record.reason.value if record.reason else None for record in RECORDS]


def records(spark: SparkSession, payloads: Sequence[bytes | None], now: datetime = NOW) -> DataFrame:
    """Records as Kafka gives them, numbered by their offset."""
    rows = [
        {"topic": "t", "partition": 0, "offset": offset, "kafka_time": now, "value": value}
        for offset, value in enumerate(payloads)
    ]
    return spark.createDataFrame(pa.Table.from_pylist(rows, SCHEMA))


validate = partial(rules.validate, currencies=DEFAULT_CURRENCIES)


def verdicts(spark: SparkSession, payloads: Sequence[bytes | None], now: datetime = NOW) -> list[str | None]:
    """The reason of each, None where accepted."""
    judged = validate(records(spark, payloads, now)).select("offset", "reason").toArrow().to_pylist()
    return [row["reason"] for row in sorted(judged, key=lambda row: int(row["offset"]))]


def payloads_of(chosen: Sequence[Record]) -> list[bytes | None]:
    return [record.payload(NOW) for record in chosen]


@pytest.fixture(scope="module", params=[1, 60_000], ids=["interpreted", "compiled"])
def judged(
    spark: SparkSession, request: pytest.FixtureRequest
) -> Iterator[dict[str, tuple[str | None, str | None]]]:
    """Reason and detail of each record of the corpus, by its name, as in a small and in a large batch."""
    evaluation = Evaluation()
    evaluation.adapt(spark, request.param)
    frame = validate(records(spark, payloads_of(RECORDS))).select("offset", "reason", "detail")
    plan = frame._jdf.queryExecution().executedPlan().toString()
    assert ("*(1)" in plan) == (request.param > 1), "whole-stage code is marked by a star"
    yield {RECORDS[row["offset"]].name: (row["reason"], row["detail"]) for row in frame.toArrow().to_pylist()}
    evaluation.adapt(spark, 1)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_the_verdict_is_the_contracts(
    judged: dict[str, tuple[str | None, str | None]], record: Record
) -> None:
    reason, detail = judged[record.name]
    assert reason == record.reason, detail


def test_a_record_without_bottom_is_no_json(spark: SparkSession) -> None:
    """The parser stops at 1,000 levels; what lies deeper must neither end the query nor slow it down."""
    plain = PLAIN.payload(NOW)
    assert plain is not None
    nested = [plain[:-1] + b',"deep":' + b"[" * deep + b"]" * deep + b"}" for deep in (900, 1_100, 200_000)]
    endless = [opening * 200_000 for opening in (b"[", b'{"a":')]
    not_json = RejectReason.NOT_JSON.value
    assert verdicts(spark, [*nested, *endless, plain]) == [None, *[not_json] * 4, None]


def test_what_is_too_large_is_not_parsed_and_only_its_beginning_is_kept(spark: SparkSession) -> None:
    values = [b"\xff" * (MAX_RECORD_BYTES + 1), b"\xff" * MAX_RECORD_BYTES, b"\xff" * STORED_PAYLOAD_BYTES]
    plain = PLAIN.payload(NOW)
    assert plain is not None
    accepted = plain[:-1] + b',"note":"' + b"x" * STORED_PAYLOAD_BYTES + b'"}'
    rows = validate(records(spark, [*values, accepted])).select(
        "reason", "detail", "payload", "payload_bytes", "payload_sha256"
    )
    kept = b"\xff" * STORED_PAYLOAD_BYTES
    hashes = [sha256(value).hexdigest() for value in values]
    assert [tuple(row.values()) for row in rows.toArrow().to_pylist()] == [
        ("too_large", f"{MAX_RECORD_BYTES + 1} bytes", kept, MAX_RECORD_BYTES + 1, hashes[0]),
        ("not_utf8", None, kept, MAX_RECORD_BYTES, hashes[1]),
        ("not_utf8", None, kept, None, None),
        (None, None, None, None, None),
    ]


def test_a_number_of_more_than_1000_digits_is_no_json(spark: SparkSession) -> None:
    plain = PLAIN.payload(NOW)
    assert plain is not None
    numbers = [b"1." + b"0" * length for length in (999, 1_000, 300_000)]
    found = verdicts(spark, [plain.replace(b"129.95", number) for number in numbers])
    assert found == [None, *[RejectReason.NOT_JSON.value] * 2]


def test_every_reason_is_in_the_corpus() -> None:
    assert {record.reason for record in RECORDS} == {None, *RejectReason}


def test_a_detail_names_the_field_and_is_short(judged: dict[str, tuple[str | None, str | None]]) -> None:
    assert judged["not_allowed.currency_unknown"][1] == "currency: EUR"
    assert judged["missing_field.absent_userId"][1] == "userId"
    assert judged["accepted.plain"][1] is None
    assert judged["not_json.empty"][1] is None
    assert max(len(detail) for _, detail in judged.values() if detail is not None) <= 220
    assert not any("\0" in detail for _, detail in judged.values() if detail is not None)


def test_the_kpi_query_accepts_what_the_events_query_accepts(spark: SparkSession) -> None:
    """Each selects other columns, for which Spark plans the rules again."""
    judged = validate(records(spark, payloads_of(RECORDS)))
    for_kpis = judged.where(F.col("reason").isNull()).select(
        "offset", "event_time", "event_type", "amount", *GRAIN
    )
    accepted = {row["offset"] for row in for_kpis.toArrow().to_pylist()}
    assert accepted == {offset for offset, reason in enumerate(EXPECTED) if reason is None}


def test_an_accepted_event_has_the_values_that_were_sent(spark: SparkSession) -> None:
    columns = [field.column for field in FIELDS]
    row = validate(records(spark, payloads_of([PLAIN]))).select(*columns).toArrow().to_pylist()[0]
    assert {name: str(value) for name, value in row.items() if name != "event_time"} == {
        "id": "7d5f3c1e-0d2b-4a57-9c3e-0f5b8a6f2c11",
        "event_type": "payment_success",
        "order_id": "ORD123456",
        "user_id": "USR1234",
        "amount": "129.95",
        "currency": "USD",
        "status": "success",
    }
    assert row["event_time"] == NOW


def test_amounts_and_ids_are_kept_exactly(spark: SparkSession) -> None:
    kept = {
        "accepted.amount_largest": ("amount", "9999999999999.99"),
        "accepted.amount_largest_exponent": ("amount", "9999999999999.99"),
        "accepted.amount_exponent_moves_the_point": ("amount", "12.39"),
        "accepted.amount_not_exact_in_binary": ("amount", "0.07"),
        "accepted.amount_beyond_float_32": ("amount", "16777217.01"),
        "accepted.id_padded": ("id", "7d5f3c1e-padded"),
        "accepted.id_padded_by_escapes": ("id", "7d5f3c1e-escaped"),
        "accepted.duplicate_by_escape": ("currency", "VND"),
        "accepted.duplicate_last_valid": ("amount", "5.25"),
        "accepted.vietnamese": ("user_id", "Nguyễn Thị Minh Khai"),
    }
    chosen = [record for record in RECORDS if record.name in kept]
    rows = validate(records(spark, payloads_of(chosen))).toArrow().to_pylist()
    seen = {chosen[row["offset"]].name: str(row[kept[chosen[row["offset"]].name][0]]) for row in rows}
    assert seen == {name: value for name, (_, value) in kept.items()}


def members(random: Random) -> str:
    """Optional fields of any value, often in the contract's order."""
    chosen = [name for name in OPTIONAL_NAMES if random.random() < 0.7]
    if random.random() < 0.2:
        chosen = random.choices(OPTIONAL_NAMES, k=5)
    literals = OPTIONAL_LITERALS if random.random() < 0.6 else OPTIONAL_LITERALS[:3]
    return "".join(f',"{name}":{random.choice(literals)}' for name in chosen)


@pytest.mark.parametrize("large", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("canonical_lane", [True, False])
def test_an_optional_field_has_its_value_or_is_unknown_and_rejects_nothing(
    spark: SparkSession, canonical_lane: bool, large: bool
) -> None:
    random = Random(20261130)
    plain = (PLAIN.payload(NOW) or b"").decode()
    texts = [plain[:-1] + members(random) + "}" for _ in range(2000)]
    evaluation = Evaluation()
    evaluation.adapt(spark, 60_000 if large else 1)
    frame = records(spark, [text.encode() for text in texts])
    judged = rules.validate(frame, DEFAULT_CURRENCIES, canonical_lane=canonical_lane)
    rows = judged.select("offset", "reason", *OPTIONAL.values()).toArrow().to_pylist()
    evaluation.adapt(spark, 1)
    found = {texts[row.pop("offset")]: tuple(row.values()) for row in rows}
    wanted = {text: (None, *(optional_of(json.loads(text), name) for name in OPTIONAL)) for text in texts}
    assert {text: found[text] for text in texts if found[text] != wanted[text]} == {}
    assert len({value for _, *values in wanted.values() for value in values}) > 8


@pytest.mark.parametrize("canonical_lane", [True, False])
def test_currencies_are_those_of_the_shop(spark: SparkSession, canonical_lane: bool) -> None:
    plain = PLAIN.payload(NOW) or b""
    payloads = [plain.replace(b'"USD"', b'"%b"' % code) for code in (b"EUR", b"VND", b"USD")]
    judged = rules.validate(records(spark, payloads), ("VND", "EUR"), canonical_lane=canonical_lane)
    found = {row["offset"]: row["reason"] for row in judged.toArrow().to_pylist()}
    assert found == {0: None, 1: None, 2: "not_allowed"}


def written_amount(random: Random) -> str:
    """A JSON number that is, or nearly is, an amount, in any spelling."""
    digits = "".join(random.choices("0123456789", [30, *[1] * 9], k=random.randrange(1, 40)))
    point = random.randrange(len(digits) + 1)
    whole, fraction = digits[:point].lstrip("0") or "0", digits[point:]
    power = random.randrange(-25, 25)
    zeros = "0" * random.choice((0, 0, 3))
    exponent = f"{random.choice('eE')}{'-' if power < 0 else random.choice(('', '+'))}{zeros}{abs(power)}"
    return (
        random.choice(("", "", "", "-"))
        + whole
        + (f".{fraction}" if fraction else "")
        + random.choice(("", exponent))
    )


def amount_by_decimal(literal: str) -> RejectReason | Decimal:
    """The verdict on an amount by Python's own decimal arithmetic, or the amount."""
    with localcontext(prec=200):
        amount = Decimal(literal)
        if amount < 0:
            return RejectReason.AMOUNT_NEGATIVE
        if amount != amount.quantize(Decimal("0.01")):
            return RejectReason.AMOUNT_TOO_PRECISE
        return RejectReason.AMOUNT_TOO_LARGE if amount >= 10**13 else abs(amount)


@pytest.mark.parametrize("large", [False, True], ids=["interpreted", "compiled"])
def test_an_amount_in_any_spelling_gets_the_verdict_of_pythons_decimal(
    spark: SparkSession, large: bool
) -> None:
    random = Random(20261129)
    literals = [written_amount(random) for _ in range(3000)]
    assert PLAIN.template is not None
    payloads = [PLAIN.template.replace(b"129.95", literal.encode()) for literal in literals]
    frame = records(spark, [payload.replace(b"{now}", to_iso8601(NOW).encode()) for payload in payloads])
    evaluation = Evaluation()
    evaluation.adapt(spark, 60_000 if large else 1)
    rows = validate(frame).select("offset", "amount", "reason").toArrow().to_pylist()
    evaluation.adapt(spark, 1)
    found = {literals[row["offset"]]: row["reason"] or row["amount"] for row in rows}
    wanted = {literal: amount_by_decimal(literal) for literal in literals}
    assert {literal: found[literal] for literal in literals if found[literal] != wanted[literal]} == {}
    assert (
        len({type(verdict) if isinstance(verdict, Decimal) else verdict for verdict in wanted.values()}) == 4
    )


@dataclass(frozen=True)
class Border:
    """How far an event's time is from its record's, and the verdict."""

    offset: timedelta
    reason: RejectReason | None


BORDERS = (
    Border(-LATENESS_LIMIT, None),
    Border(-LATENESS_LIMIT - MICROSECOND, RejectReason.LATE),
    Border(FUTURE_LIMIT, None),
    Border(FUTURE_LIMIT + MICROSECOND, RejectReason.FUTURE),
)


def at(offset: timedelta) -> bytes:
    """A plain event whose time is `offset` from NOW."""
    assert PLAIN.template is not None
    return PLAIN.template.replace(b"{now}", to_iso8601(NOW + offset).encode())


def test_the_limits_hold_to_the_microsecond(spark: SparkSession) -> None:
    assert verdicts(spark, [at(border.offset) for border in BORDERS]) == [border.reason for border in BORDERS]


def test_a_limit_of_core_is_the_limit_of_the_job(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules come from core: another value there is another verdict here."""
    monkeypatch.setattr("spark_jobs.rules.validate.LATENESS_LIMIT", LATENESS_LIMIT - 2 * MICROSECOND)
    monkeypatch.setattr("spark_jobs.rules.validate.FUTURE_LIMIT", FUTURE_LIMIT + 2 * MICROSECOND)
    mutated = verdicts(spark, [at(border.offset) for border in BORDERS])
    assert mutated == [RejectReason.LATE, RejectReason.LATE, None, None]


def test_a_length_of_core_is_the_length_of_the_job(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = next(record for record in RECORDS if record.name == "accepted.order_50_characters")
    for lane in LANES:
        monkeypatch.setattr(f"spark_jobs.rules.{lane}.MAX_ID_LENGTH", 49)
    assert verdicts(spark, payloads_of([longest])) == [RejectReason.BAD_LENGTH]


@pytest.mark.parametrize("name", ["eventType", "status"])
def test_an_enumeration_of_core_is_that_of_the_job(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    narrowed = [replace(field, allowed=("other",)) if field.name == name else field for field in FIELDS]
    monkeypatch.setattr("core.events.FIELDS", tuple(narrowed))
    assert verdicts(spark, payloads_of([PLAIN])) == [RejectReason.NOT_ALLOWED]


def test_a_verdict_depends_on_the_kafka_time_and_not_on_the_clock(spark: SparkSession) -> None:
    """The same record, taken by Kafka years ago or years ahead, is as good as it was."""
    for now in (NOW - timedelta(days=2000), NOW + timedelta(days=2000)):
        assert verdicts(spark, [PLAIN.payload(now), PLAIN.payload(NOW)], now)[0] is None


@given(chosen=st.lists(st.sampled_from(range(len(RECORDS))), min_size=1, max_size=len(RECORDS)))
@examples(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_verdict_does_not_depend_on_the_batch(spark: SparkSession, chosen: list[int]) -> None:
    """Invariant I4: any records, in any order and number, beside any others."""
    assert verdicts(spark, payloads_of([RECORDS[i] for i in chosen])) == [EXPECTED[i] for i in chosen]
