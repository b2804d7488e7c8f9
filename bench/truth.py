"""Checks of the tables: a cheap count during the work, a full comparison at its end."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from core.kpis import COUNTS
from database.reconcile import differing_windows

KPI_TOTAL = f"SELECT coalesce(sum({' + '.join(COUNTS)}), 0)::bigint FROM kpi_1m_by_currency"  # noqa: S608  # constant names
LAST_COMMIT = """
    SELECT max(pg_xact_commit_timestamp(xmin)) FROM (
        SELECT DISTINCT xmin FROM {} OFFSET 0
    ) AS transactions
"""
TABLES = ("events_clean", "kpi_1m", "kpi_1m_by_currency", "kpi_1m_detail")


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults of the tables: number of missing ids (surplus ones if negative), windows that differ."""

    missing_ids: int
    windows: int

    def __bool__(self) -> bool:
        return bool(self.missing_ids or self.windows)


def kpi_total(connection: psycopg.Connection[Any]) -> int:
    """Number of events in the KPI table, which is small and cheap to query often."""
    return int(_one(connection, KPI_TOTAL))


def faults(connection: psycopg.Connection[Any], expected_ids: int) -> Faults:
    """Compare `events_clean` with the number of ids sent, and each KPI window with a recomputation."""
    found = int(_one(connection, "SELECT count(*) FROM events_clean"))
    always = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return Faults(expected_ids - found, len(differing_windows(connection, *always)))


def last_commit(connection: psycopg.Connection[Any]) -> dict[str, datetime]:
    """Commit time of the last transaction in each table."""
    return {table: _one(connection, LAST_COMMIT.format(table)) for table in TABLES}


def _one(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None, "an aggregate has a row"
    return row[0]
