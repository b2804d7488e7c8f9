"""KPIs of many single minutes at once: those that a large transaction touches.

`reconcile` takes a range of minutes, or one after the other; the events of a history are a few in each of thousands of
minutes. The caller's transaction has the lock (`lock_kpis`) and names the minutes in the temporary table `touched`.
"""

from datetime import datetime
from typing import Any

import psycopg

from core.tables import KPI_1M_DETAIL
from database.kpis import DERIVE, DETAIL_COLUMNS, from_events, upsert_clause
from database.reconcile import differences

CREATE = "CREATE TEMP TABLE touched (window_start TIMESTAMPTZ PRIMARY KEY) ON COMMIT DELETE ROWS"

_IS_TOUCHED = "window_start IN (SELECT window_start FROM touched)"
_FROM_EVENTS = from_events("""
    event_time >= (SELECT min(window_start) FROM touched)
    AND event_time < (SELECT max(window_start) FROM touched) + interval '1 minute'
    AND date_trunc('minute', event_time) IN (SELECT window_start FROM touched)
""")
_DIFFERENCES = differences(_FROM_EVENTS, _IS_TOUCHED)
_RECOMPUTE = f"""
    INSERT INTO {KPI_1M_DETAIL.name} AS kept ({", ".join(DETAIL_COLUMNS)}) {_FROM_EVENTS}
    {upsert_clause(KPI_1M_DETAIL)}
"""  # names come from the contract


def differing(connection: psycopg.Connection[Any]) -> list[datetime]:
    """The touched minutes whose KPIs are not what `events_clean` gives."""
    return [row[0] for row in connection.execute(_DIFFERENCES.encode())]


def recompute(connection: psycopg.Connection[Any]) -> None:
    """Recompute the touched minutes from `events_clean`, in which each of them has events."""
    connection.execute(_RECOMPUTE.encode())
    for derive in DERIVE:
        connection.execute(derive.format(touched="touched").encode())
