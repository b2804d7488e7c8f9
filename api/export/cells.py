"""Formats of values in files for spreadsheets."""

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.currencies import decimals_of as usual_decimals
from core.events import AMOUNT_SCALE

_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
_BLANKS = r"[\s\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
_FORMULA = re.compile(rf"(?:^|(?<=[;\t\r\n]))(?={_BLANKS}[{_SIGNS}])|^(?=[\t\r\n])")
"""Where a spreadsheet may see a formula: after blanks of any kind, with signs of any width, and after
characters that separate cells in some locales.
"""


def escape_formula(text: str) -> str:
    """`text` in a form that no spreadsheet executes: with an apostrophe if it looks like a formula."""
    return _FORMULA.sub("'", text)


def clock_time(moment: datetime, zone: ZoneInfo) -> str:
    """Local time in `zone`, to the second, in a form that every spreadsheet reads as a time."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def offset(moment: datetime, zone: ZoneInfo) -> str:
    """The offset from UTC, such as UTC+07:00; without the letters a spreadsheet would read it as a number."""
    written = f"{moment.astimezone(zone):%z}"
    return f"UTC{written[:3]}:{written[3:5]}"


def decimals_of(amount: Decimal, currency: str) -> int:
    """The decimals of a currency (CLDR), or those of the amount if it has more."""
    usual = min(usual_decimals(currency), AMOUNT_SCALE)
    return usual if amount == round(amount, usual) else AMOUNT_SCALE


def money(amount: Decimal, currency: str) -> str:
    """An exact amount, without decimals that its currency does not use."""
    return f"{amount:.{decimals_of(amount, currency)}f}"
