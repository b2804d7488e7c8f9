"""The currencies that a shop trades in: codes of ISO 4217, with the decimals that CLDR gives them."""

from functools import cache

DEFAULT_CURRENCIES = ("VND", "USD")
MAX_DECIMALS = 2
"""Amounts are stored with two decimals, so amounts in a currency with three could not be kept exactly."""


@cache
def decimals_of(code: str) -> int:
    """Decimals of amounts in a currency, such as 0 for VND; 2 for an unknown code."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(code)


def parse_currencies(text: str) -> tuple[str, ...]:
    """The codes of a comma-separated list, in its order. Raises a `ValueError` that names the invalid code."""
    from babel.numbers import is_currency

    codes = tuple(code.strip() for code in text.split(","))
    for code in codes:
        if not is_currency(code):
            raise ValueError(f"'{code}' is not a currency code (ISO 4217) such as VND")
        if decimals_of(code) > MAX_DECIMALS:
            raise ValueError(
                f"{code} has {decimals_of(code)} decimals; amounts are stored with {MAX_DECIMALS}, "
                "so they could not be kept exactly"
            )
    if len(set(codes)) < len(codes):
        raise ValueError("a currency is listed twice")
    return codes
