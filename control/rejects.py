"""When too many records are rejected: one rule for checks, health report and metrics."""

from dataclasses import dataclass

WINDOW_MINUTES = 15
"""The share is that of the last 15 minutes."""

LEAST_RECORDS = 20
"""With fewer records a share is meaningless."""


@dataclass(frozen=True, slots=True)
class RejectShare:
    """Records of the window: rejected, and accepted (including duplicates)."""

    rejected: int
    accepted: int

    @property
    def total(self) -> int:
        """All records that were judged."""
        return self.rejected + self.accepted

    @property
    def share(self) -> float:
        """Share of rejected records, 0 to 1; 0 if there are none."""
        return self.rejected / self.total if self.total else 0.0

    @property
    def is_known(self) -> bool:
        """Whether there are enough records to judge the share."""
        return self.total >= LEAST_RECORDS

    def exceeds(self, limit: float) -> bool:
        """Whether the share is known and above `limit` (0 to 1)."""
        return self.is_known and self.share > limit
