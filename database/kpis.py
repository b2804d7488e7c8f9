"""SQL shared by the stream and the batch layer: the columns of `kpi_1m_detail`, and the tables derived from it."""

from typing import Any

import psycopg

from core.kpis import KPI_1M_MEASURES, MEASURES, RATES
from core.tables import KPI_1M, KPI_1M_BY_CURRENCY, KPI_1M_DETAIL, Relation

KPI_COLUMNS = tuple(name for name in KPI_1M_BY_CURRENCY.columns if name != "processed_at")
DETAIL_COLUMNS = tuple(name for name in KPI_1M_DETAIL.columns if name != "processed_at")
_GRAIN = ", ".join(KPI_1M_DETAIL.key[1:])


def from_events(condition: str) -> str:
    """Query for `DETAIL_COLUMNS` of the events that fulfil an SQL condition."""
    return f"""
        SELECT
            date_trunc('minute', event_time) AS window_start,
            {_GRAIN},
            {", ".join(f"{measure.sql} AS {measure.name}" for measure in MEASURES)}
        FROM events_clean
        WHERE {condition}
        GROUP BY date_trunc('minute', event_time), {_GRAIN}
    """  # noqa: S608  # names come from the contract


FROM_EVENTS = from_events("event_time >= %(start)s AND event_time < %(end)s")
"""The same for the events in a time range."""

_END = "window_start + interval '1 minute' AS window_end"
_SUMS = {measure.name: f"sum({measure.name}) AS {measure.name}" for measure in MEASURES}
_RATES = [f"{rate.sql('sum({})'.format)} AS {rate.name}" for rate in RATES if rate.in_kpi_1m]
BY_CURRENCY = ", ".join(["window_start", "currency", _END, *_SUMS.values()])
"""`KPI_COLUMNS` from rows in detail grouped by `window_start` and `currency`."""
TOTALS = ", ".join(["window_start", _END, *(_SUMS[name] for name in KPI_1M_MEASURES), *_RATES])
"""The columns of `kpi_1m` except the last, from rows by currency or in detail grouped by `window_start`."""


def upsert_clause(relation: Relation) -> str:
    """The ON CONFLICT clause by which an existing row takes the new values."""
    values = [name for name in relation.columns if name not in (*relation.key, "processed_at")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in values)
    return f"ON CONFLICT ({', '.join(relation.key)}) DO UPDATE SET {changes}, processed_at = now()"


_DERIVE_BY_CURRENCY = f"""
    INSERT INTO {KPI_1M_BY_CURRENCY.name} AS kept ({", ".join(KPI_COLUMNS)})
    SELECT {BY_CURRENCY}
    FROM {KPI_1M_DETAIL.name}
    WHERE window_start IN (SELECT window_start FROM {{touched}})
    GROUP BY window_start, currency
    {upsert_clause(KPI_1M_BY_CURRENCY)}
"""  # noqa: S608  # as above
_DERIVE_KPI_1M = f"""
    INSERT INTO {KPI_1M.name} AS kept ({", ".join(KPI_1M.columns[:-1])})
    SELECT {TOTALS}
    FROM {KPI_1M_BY_CURRENCY.name}
    WHERE window_start IN (SELECT window_start FROM {{touched}})
    GROUP BY window_start
    {upsert_clause(KPI_1M)}
"""  # noqa: S608  # as above
DERIVE = (_DERIVE_BY_CURRENCY, _DERIVE_KPI_1M)
"""Upserts of the tables derived from `kpi_1m_detail`, in this order, for the windows in the relation `touched`
(contract, sections 2.6 and 2.7).
"""

_TABLES = ", ".join(each.name for each in (KPI_1M_DETAIL, KPI_1M_BY_CURRENCY, KPI_1M))
LOCK_KPIS = f"LOCK TABLE {_TABLES} IN SHARE ROW EXCLUSIVE MODE"


def lock_kpis(connection: psycopg.Connection[Any]) -> None:
    """Lock out other writers of the KPIs until the caller's transaction ends; readers continue."""
    connection.execute(LOCK_KPIS.encode())
