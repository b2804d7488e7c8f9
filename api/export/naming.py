"""File names that describe the content."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

LONGEST_FILTER = 60
MAX_NAME = 150
"""In characters; far below any file system's limit."""


def file_name(
    subject: str,
    ending: str,
    *,
    zone: ZoneInfo,
    from_: datetime | None,
    to: datetime,
    filters: Iterable[str],
) -> str:
    """A file name such as events_2026-11-29T0000-to-2026-11-29T1405_Asia-Ho-Chi-Minh_payment-failed_VND.csv; ASCII."""
    until = f"{to.astimezone(zone):%Y-%m-%dT%H%M}"
    span = f"until-{until}" if from_ is None else f"{from_.astimezone(zone):%Y-%m-%dT%H%M}-to-{until}"
    parts = [subject, span, _slug(zone.key), *(_slug(each)[:LONGEST_FILTER] for each in filters)]
    return f"{'_'.join(part for part in parts if part)[:MAX_NAME]}.{ending}"


def _slug(text: str) -> str:
    plain = (
        unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
        .encode("ascii", "ignore")
        .decode()
    )
    return re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-.")
