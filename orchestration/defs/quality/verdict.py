"""The result of a check: passed or not, how severe, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import dagster as dg

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
Metadata = Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One evaluation. `known` is false if nothing could be judged: the last result stands."""

    passed: bool
    severity: dg.AssetCheckSeverity
    description: str
    metadata: Metadata = field(default_factory=dict)
    known: bool = True

    @property
    def is_incident(self) -> bool:
        """Whether it opens an incident."""
        return not self.passed and self.severity is ERROR

    @property
    def sign(self) -> str:
        """Differs when the verdict does; figures alone are no difference."""
        return f"{'passed' if self.passed else 'failed'}/{self.severity.value}"


def passed(description: str, metadata: Metadata, *, severity: dg.AssetCheckSeverity = ERROR) -> Verdict:
    """It passes; with the severity WARN: something is wrong, but people want it so."""
    return Verdict(passed=True, severity=severity, description=description, metadata=metadata)


def warned(description: str, metadata: Metadata) -> Verdict:
    """It fails, without an incident."""
    return Verdict(passed=False, severity=WARN, description=description, metadata=metadata)


def failed(description: str, metadata: Metadata) -> Verdict:
    """An incident."""
    return Verdict(passed=False, severity=ERROR, description=description, metadata=metadata)


def unknown(description: str, metadata: Metadata) -> Verdict:
    """Not to be judged now."""
    return Verdict(passed=True, severity=WARN, description=description, metadata=metadata, known=False)
