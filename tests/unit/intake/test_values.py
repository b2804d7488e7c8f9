"""Texts, amounts and times, with their units and formats."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from intake import exact_json
from intake.mapping.errors import UnmappedError
from intake.mapping.values import Amount, Moment, Text

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def amount(value: Any, currency: str = "USD", **rules: Any) -> Decimal:
    document = (
        exact_json.loads(exact_json.dumps({"a": value})) if not isinstance(value, str) else {"a": value}
    )
    return Amount.model_validate({"path": "a"} | rules).read(document, currency)


@pytest.mark.parametrize(
    ("value", "rules", "currency", "expected"),
    [
        ("129.95", {}, "USD", "129.95"),
        (129.95, {}, "USD", "129.95"),
        (12995, {"divide_by": 100}, "USD", "129.95"),
        (25000000, {"divide_by": 100}, "VND", "250000"),
        (12995, {"decimals": {"other": 2, "VND": 0}}, "USD", "129.95"),
        (250000, {"decimals": {"other": 2, "VND": 0}}, "VND", "250000"),
        (12345, {"decimals": {"other": 2, "KWD": 3}}, "KWD", "12.345"),
        ("-50000", {"absolute": True}, "VND", "50000"),
        (["20.10", "9.85"], {}, "USD", "29.95"),
        ([0.1, 0.2], {}, "USD", "0.3"),
        ("0.10", {}, "USD", "0.10"),
        ("9999999999999.99", {}, "USD", "9999999999999.99"),
    ],
)
def test_an_amount_is_exact(value: Any, rules: dict[str, Any], currency: str, expected: str) -> None:
    assert amount(value, currency, **rules) == Decimal(expected)


def test_no_digit_of_an_amount_is_lost() -> None:
    document = exact_json.loads('{"a": 1.0000000000000000001}')
    assert str(Amount.model_validate({"path": "a"}).read(document, "USD")) == "1.0000000000000000001"


@pytest.mark.parametrize(
    "value",
    ["1,299.00", "1.299,00", "$12", "12 USD", "NaN", "Infinity", "1e5", "", True, {}, ["1", None], "1" * 29],
)
def test_what_is_no_plain_number_is_not_guessed(value: Any) -> None:
    with pytest.raises(UnmappedError) as raised:
        amount(value)
    assert raised.value.reason == "bad_amount"


@pytest.mark.parametrize("value", [None, []])
def test_a_missing_amount_is_not_zero(value: Any) -> None:
    with pytest.raises(UnmappedError) as raised:
        amount(value)
    assert raised.value.reason == "no_amount"


@pytest.mark.parametrize(
    ("value", "rules", "expected"),
    [
        ("2026-03-01T09:30:00Z", {}, "2026-03-01T09:30:00+00:00"),
        ("2026-03-01T16:30:00+07:00", {}, "2026-03-01T09:30:00+00:00"),
        ("2026-03-01T09:30:00.123456789Z", {}, "2026-03-01T09:30:00.123456+00:00"),
        ("2026-03-01T09:30:00", {"zone": "UTC"}, "2026-03-01T09:30:00+00:00"),
        ("2026-03-01 16:30:00", {"zone": "Asia/Ho_Chi_Minh"}, "2026-03-01T09:30:00+00:00"),
        ("2026-03-01T04:30:00-05:00", {"zone": "Asia/Ho_Chi_Minh"}, "2026-03-01T09:30:00+00:00"),
        (1772357400, {"format": "unix_s"}, "2026-03-01T09:30:00+00:00"),
        (1772357400456, {"format": "unix_ms"}, "2026-03-01T09:30:00.456000+00:00"),
        (
            "20260301163000",
            {"format": "%Y%m%d%H%M%S", "zone": "Asia/Ho_Chi_Minh"},
            "2026-03-01T09:30:00+00:00",
        ),
        (None, {"default": "received"}, "2026-03-01T09:30:00+00:00"),
    ],
)
def test_a_time_is_an_instant(value: Any, rules: dict[str, Any], expected: str) -> None:
    found = Moment.model_validate({"path": "t"} | rules).read({"t": value}, "eventTime", NOW)
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ("2026-03-01T09:30:00", {}),
        ("2026-03-01", {"zone": "UTC"}),
        ("yesterday", {}),
        ("2026-02-30T09:30:00Z", {}),
        (10**30, {"format": "unix_s"}),
        ("nan", {"format": "unix_s"}),
        ("0", {"format": "%Y%m%d%H%M%S", "zone": "UTC"}),
    ],
)
def test_what_is_no_time_is_not_guessed(value: Any, rules: dict[str, Any]) -> None:
    with pytest.raises(UnmappedError) as raised:
        Moment.model_validate({"path": "t"} | rules).read({"t": value}, "eventTime", NOW)
    assert raised.value.reason == "bad_eventTime"


@pytest.mark.parametrize(
    ("value", "rules", "expected"),
    [
        (7, {}, "7"),
        (" a ", {}, "a"),
        (0, {"none": ["0"], "default": "guest"}, "guest"),
        (None, {"default": "guest"}, "guest"),
        ("", {"default": "guest"}, "guest"),
        ("usd", {"upper": True}, "USD"),
        (0, {"table": {"0": "paid"}, "default": "failed"}, "paid"),
        (9, {"table": {"0": "paid"}, "default": "failed"}, "failed"),
        (7, {"prefix": "WC-"}, "WC-7"),
        (True, {}, "true"),
    ],
)
def test_a_text(value: Any, rules: dict[str, Any], expected: str) -> None:
    assert Text.model_validate({"path": "x"} | rules).read({"x": value}, "userId") == expected


@pytest.mark.parametrize("value", [None, "", {"a": 1}, ["a"]])
def test_a_text_that_is_not_there_is_said(value: Any) -> None:
    with pytest.raises(UnmappedError, match="userId"):
        Text.model_validate({"path": "x"}).read({"x": value}, "userId")


@pytest.mark.parametrize(
    ("model", "rules", "says"),
    [
        (Text, {}, "either `path` or `value`"),
        (Text, {"path": "a", "value": "b"}, "either `path` or `value`"),
        (Text, {"path": "a["}, "is not valid JMESPath"),
        (
            Amount,
            {"path": "a", "divide_by": 100, "decimals": {"other": 2}},
            "either `divide_by` or `decimals`",
        ),
        (Amount, {"path": "a", "decimals": {"VND": 0}}, "`other`"),
        (Amount, {"path": "a", "divide_by": 7}, "1, 10, 100 or 1000"),
        (Moment, {"path": "a", "zone": "Mars/Olympus"}, "no time zone"),
        (Moment, {"path": "a", "format": "iso8601"}, "unix_s"),
        (Moment, {"path": "a", "fromat": "iso"}, "Extra inputs"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(model: type[Text], rules: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        model.model_validate(rules)
