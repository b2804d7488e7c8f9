"""The KPIs of a minute as a transform, on a plain table of events."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from core.kpis import MEASURES
from spark_jobs.kpis import GRAIN, detailed_kpis

NINE = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        ("event_time", pa.timestamp("us", "UTC")),
        ("event_type", pa.string()),
        *[(name, pa.string()) for name in GRAIN],
        ("amount", pa.decimal128(15, 2)),
    ]
)
Event = tuple[float, str, str, str]
"""Seconds after nine, type, currency, amount."""
OPTIONAL = dict.fromkeys(GRAIN[1:], "")


def kpis(spark: SparkSession, events: list[Event]) -> dict[tuple[datetime, str], dict[str, object]]:
    rows = [
        {
            "event_time": NINE + timedelta(seconds=seconds),
            "event_type": event_type,
            "currency": currency,
            "amount": Decimal(amount),
            **OPTIONAL,
        }
        for seconds, event_type, currency, amount in events
    ]
    frame = detailed_kpis(spark.createDataFrame(pa.Table.from_pylist(rows, SCHEMA)))
    return {(row["window_start"], row["currency"]): row for row in frame.toArrow().to_pylist()}


def test_each_type_is_counted_and_only_payments_and_orders_have_money(spark: SparkSession) -> None:
    row = kpis(
        spark,
        [
            (1, "order_created", "USD", "10.00"),
            (2, "order_created", "USD", "5.50"),
            (3, "payment_initiated", "USD", "10.00"),
            (4, "payment_success", "USD", "10.00"),
            (5, "payment_failed", "USD", "7.00"),
            (6, "order_cancelled", "USD", "5.50"),
        ],
    )[(NINE, "USD")]
    wanted = {
        "window_start": NINE,
        "currency": "USD",
        **OPTIONAL,
        "revenue": Decimal("10.00"),
        "orders_created": 2,
        "payments_initiated": 1,
        "payment_success": 1,
        "payment_failed": 1,
        "orders_cancelled": 1,
        "order_value": Decimal("15.50"),
        "max_event_time": NINE + timedelta(seconds=6),
    }
    assert row == {measure.name: 0 for measure in MEASURES} | wanted


def test_a_window_holds_its_first_instant_and_not_its_last(spark: SparkSession) -> None:
    found = kpis(
        spark,
        [
            (0, "payment_success", "USD", "1.00"),
            (59.999999, "payment_success", "USD", "2.00"),
            (60, "payment_success", "USD", "4.00"),
        ],
    )
    revenue = {start: row["revenue"] for (start, _), row in found.items()}
    assert revenue == {NINE: Decimal("3.00"), NINE + timedelta(minutes=1): Decimal("4.00")}


def test_currencies_are_never_mixed(spark: SparkSession) -> None:
    found = kpis(spark, [(1, "payment_success", "USD", "10.00"), (1, "payment_success", "VND", "250000.00")])
    assert found[(NINE, "USD")]["revenue"] == Decimal("10.00")
    assert found[(NINE, "VND")]["revenue"] == Decimal("250000.00")


def test_money_is_summed_exactly_and_beyond_the_largest_amount(spark: SparkSession) -> None:
    largest = [(1.0, "payment_success", "USD", "9999999999999.99")] * 3
    cents = [(2.0, "payment_success", "VND", "0.10")] * 3
    found = kpis(spark, [*largest, *cents])
    assert found[(NINE, "USD")]["revenue"] == Decimal("29999999999999.97")
    assert found[(NINE, "VND")]["revenue"] == Decimal("0.30")


@pytest.mark.parametrize("column", OPTIONAL)
def test_each_optional_field_divides_a_window(spark: SparkSession, column: str) -> None:
    event = {
        "event_time": NINE,
        "event_type": "payment_failed",
        "currency": "USD",
        "amount": Decimal(1),
        **OPTIONAL,
    }
    rows = [event | {column: value} for value in ("a", "b", "a", "")]
    found = detailed_kpis(spark.createDataFrame(pa.Table.from_pylist(rows, SCHEMA))).toArrow().to_pylist()
    assert {row[column]: row["payment_failed"] for row in found} == {"a": 2, "b": 1, "": 1}
