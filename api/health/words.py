"""Figures and times as people say them."""

from datetime import datetime

__all__ = ["ago", "count", "number", "since"]


def ago(duration_s: float) -> str:
    """A duration in the unit that fits."""
    for unit_s, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if duration_s >= 2 * unit_s:
            return f"{duration_s / unit_s:.0f} {unit}"
    return f"{duration_s:.0f} s" if duration_s >= 9.95 else f"{max(0.0, duration_s):.1f} s"


def count(amount: int, thing: str) -> str:
    """'1 record', '12,345 records'."""
    return f"{amount:,} {thing}{'' if amount == 1 else 's'}"


def number(value: float) -> str:
    """'5', '4.8', '1,250'."""
    return f"{value:,.1f}".removesuffix(".0")


def since(moment: datetime) -> str:
    """A time of the day in UTC, to the minute, with its date."""
    return f"since {moment:%Y-%m-%d %H:%M} UTC"
