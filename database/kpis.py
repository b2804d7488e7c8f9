"""SQL shared by the stream and the batch layer: the KPIs' columns, and `kpi_1m` from `kpi_1m_by_currency`."""

from typing import Any

import psycopg

from core.kpis import KPI_1M_MEASURES, MEASURES, RATES
from core.tables import KPI_1M, KPI_1M_BY_CURRENCY, Relation

KPI_COLUMNS = tuple(name for name in KPI_1M_BY_CURRENCY.columns if name != "processed_at")


def from_events(condition: str) -> str:
    """Query for `KPI_COLUMNS` of the events that fulfil an SQL condition."""
    return f"""
        SELECT
            date_trunc('minute', event_time) AS window_start,
            currency,
            date_trunc('minute', event_time) + interval '1 minute' AS window_end,
            {", ".join(f"{measure.sql} AS {measure.name}" for measure in MEASURES)}
        FROM events_clean
        WHERE {condition}
        GROUP BY 1, 2
    """  # noqa: S608  # names come from the contract


FROM_EVENTS = from_events("event_time >= %(start)s AND event_time < %(end)s")
"""The same for the events in a time range."""

_SUMS = [f"sum({name}) AS {name}" for name in KPI_1M_MEASURES]
_RATES = [f"{rate.sql('sum({})'.format)} AS {rate.name}" for rate in RATES if rate.in_kpi_1m]
TOTALS = ", ".join(["window_start", "window_start + interval '1 minute' AS window_end", *_SUMS, *_RATES])
"""The columns of `kpi_1m` except the last, from rows by currency grouped by `window_start`."""


def upsert_clause(relation: Relation) -> str:
    """The ON CONFLICT clause by which an existing row takes the new values."""
    values = [name for name in relation.columns if name not in (*relation.key, "processed_at")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in values)
    return f"ON CONFLICT ({', '.join(relation.key)}) DO UPDATE SET {changes}, processed_at = now()"


DERIVE_KPI_1M = f"""
    INSERT INTO {KPI_1M.name} AS kept ({", ".join(KPI_1M.columns[:-1])})
    SELECT {TOTALS}
    FROM {KPI_1M_BY_CURRENCY.name}
    WHERE window_start IN (SELECT window_start FROM {{touched}})
    GROUP BY window_start
    {upsert_clause(KPI_1M)}
"""  # noqa: S608  # as above
"""Upsert of `kpi_1m` for the windows in the relation `touched` (contract, section 2.6)."""


LOCK_KPIS = f"LOCK TABLE {KPI_1M_BY_CURRENCY.name}, {KPI_1M.name} IN SHARE ROW EXCLUSIVE MODE"


def lock_kpis(connection: psycopg.Connection[Any]) -> None:
    """Lock out other writers of the KPIs until the caller's transaction ends; readers continue."""
    connection.execute(LOCK_KPIS.encode())
