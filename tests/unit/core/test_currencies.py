"""The currencies of a shop."""

import pytest

from core.currencies import decimals_of, parse_currencies
from core.errors import SettingsError
from core.settings import load_settings


def test_decimals_are_those_that_people_write() -> None:
    assert {code: decimals_of(code) for code in ("VND", "JPY", "USD", "EUR", "KWD")} == {
        "VND": 0,
        "JPY": 0,
        "USD": 2,
        "EUR": 2,
        "KWD": 3,
    }


def test_a_list_keeps_its_order() -> None:
    assert parse_currencies("EUR, VND ,USD") == ("EUR", "VND", "USD")
    assert load_settings(shop={"currencies": "EUR, VND"}).shop.currency_codes() == ("EUR", "VND")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("VND,KWD", "KWD has 3 decimals"),
        ("VND,usd", "'usd' is not a currency code"),
        ("VND,", "'' is not a currency code"),
        ("VND;USD", "'VND;USD' is not a currency code"),
        ("VND,USD,VND", "a currency is listed twice"),
    ],
)
def test_an_invalid_list_is_refused_in_words(text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match="ORDERPULSE_SHOP__CURRENCIES") as refused:
        load_settings(shop={"currencies": text})
    assert reason in str(refused.value)
