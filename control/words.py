"""Figures and times as people write them."""

from datetime import datetime


def ago(duration_s: float | None) -> str:
    """A duration in the unit that fits; 'never' for None."""
    if duration_s is None:
        return "never"
    for unit_s, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if duration_s >= 2 * unit_s:
            return f"{duration_s / unit_s:.0f} {unit}"
    return f"{duration_s:.0f} s" if duration_s >= 9.95 else f"{max(0.0, duration_s):.1f} s"


def count(amount: int, things: str = "records") -> str:
    """'1 record', '12,345 records'."""
    return f"{amount:,} {things.removesuffix('s') if amount == 1 else things}"


def number(value: float) -> str:
    """'5', '4.8', '1,250'."""
    return f"{value:,.1f}".removesuffix(".0")


def moment(instant: datetime) -> str:
    """A time of day in UTC, to the minute, with its date."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"
