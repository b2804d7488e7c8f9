"""What a check says: passed or not, how grave, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import dagster as dg

__all__ = ["Verdict", "ago", "count", "failed", "moment", "passed", "unknown", "warned"]

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
Metadata = Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One evaluation. `known` is false where nothing could be judged: what was said before stands."""

    passed: bool
    severity: dg.AssetCheckSeverity
    description: str
    metadata: Metadata = field(default_factory=dict)
    known: bool = True

    @property
    def is_incident(self) -> bool:
        """Whether somebody has to be told."""
        return not self.passed and self.severity is ERROR

    @property
    def sign(self) -> str:
        """Differs when the verdict does; figures alone are no difference."""
        return f"{'passed' if self.passed else 'failed'}/{self.severity.value}"


def passed(description: str, metadata: Metadata, *, severity: dg.AssetCheckSeverity = ERROR) -> Verdict:
    """All is well; with the severity WARN: it is not, but that is how people want it."""
    return Verdict(passed=True, severity=severity, description=description, metadata=metadata)


def warned(description: str, metadata: Metadata) -> Verdict:
    """Not well, but no incident."""
    return Verdict(passed=False, severity=WARN, description=description, metadata=metadata)


def failed(description: str, metadata: Metadata) -> Verdict:
    """An incident."""
    return Verdict(passed=False, severity=ERROR, description=description, metadata=metadata)


def unknown(description: str, metadata: Metadata) -> Verdict:
    """Not to be judged now."""
    return Verdict(passed=True, severity=WARN, description=description, metadata=metadata, known=False)


def ago(duration_s: float | None) -> str:
    """A duration in words, in the unit that fits; 'never' for None."""
    if duration_s is None:
        return "never"
    for unit_s, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if duration_s >= 2 * unit_s:
            return f"{duration_s / unit_s:.0f} {unit}"
    return f"{duration_s:.0f} s"


def count(number: int, unit: str = "records") -> str:
    """'1 record', '12,345 records'."""
    return f"{number:,} {unit.removesuffix('s') if number == 1 else unit}"


def moment(instant: datetime) -> str:
    """A time of day in UTC, to the minute, with its date."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"
