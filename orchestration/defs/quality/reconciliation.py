"""Invariant I2: the KPI tables are what `events_clean` gives, minute by minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from control.observation import Observation
from control.words import count, moment
from core.settings import Settings
from database.reconcile import differing_windows, first_comparable, settled_until
from orchestration.defs.quality.verdict import Verdict, failed, passed, unknown

DESCRIPTION = (
    "The settled minutes of the last ORDERPULSE_CHECKS__RECONCILE_MINUTES in kpi_1m, kpi_1m_by_currency and "
    "kpi_1m_detail are what events_clean gives. If it fails, nothing needs to be done: the sensor quality_sensor requests the job backfill_kpis "
    "for the hour, and the check passes a minute later. If it does not, look at the run."
)


NAMED = 10
"""Minutes that a description names."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, [start, end), and the first moments of the minutes that differ.

    `start` is None if nothing could be compared, and `why` says why.
    """

    start: datetime | None
    end: datetime | None
    differing: tuple[datetime, ...] = ()
    why: str = ""

    @property
    def partitions(self) -> list[str]:
        """Partitions of the job `backfill_kpis` (hours, UTC) that hold a difference, in order."""
        return sorted({window.strftime("%Y-%m-%d-%H:00") for window in self.differing})


def compare(connection: psycopg.Connection[Any], settings: Settings, observation: Observation) -> Comparison:
    """Compare the newest settled minutes. Nothing is settled while a backlog is read: the queries are apart."""
    backlog = max((query.lag_records or 0 for query in observation.queries.values()), default=0)
    if backlog > settings.stream.max_offsets_per_trigger // 10:
        return Comparison(None, None, why=f"{count(backlog)} are still to be read")
    end = settled_until(connection)
    if end is None:
        return Comparison(None, None, why="the queries have not committed enough yet")
    start = first_comparable(connection, end - timedelta(minutes=settings.checks.reconcile_minutes))
    if start >= end:
        return Comparison(None, None, why="the events of the newest minutes were deleted by age")
    return Comparison(start, end, tuple(differing_windows(connection, start, end)))


def evaluate(comparison: Comparison) -> Verdict:
    """Judge the comparison."""
    if comparison.start is None or comparison.end is None:
        return unknown(f"Nothing can be compared: {comparison.why}.", {})
    compared = f"{moment(comparison.start)} to {moment(comparison.end)}"
    metadata: dict[str, int | float | str] = {
        "compared": compared,
        "minutes that differ": len(comparison.differing),
    }
    if not comparison.differing:
        return passed(f"The KPIs of {compared} are those of events_clean.", metadata)
    minutes = ", ".join(moment(window) for window in comparison.differing[:NAMED])
    rest = len(comparison.differing) - NAMED
    more = f" and {rest:,} more" if rest > 0 else ""
    return failed(
        f"The KPIs of {count(len(comparison.differing), 'minutes')} are not those of events_clean: {minutes}{more}. "
        f"The sensor quality_sensor requests the job backfill_kpis for {', '.join(comparison.partitions)}, and again "
        "every two minutes while they differ. Nothing needs to be done; if it stays, look at that job's run.",
        metadata,
    )
