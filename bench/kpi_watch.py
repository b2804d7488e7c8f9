"""When did an event first count in the KPIs? Watches the commits of the KPI tables.

At each notification (and every 50 ms at the latest) one snapshot reads how many events the KPI table
counts and when the newest of its rows was committed. Since an event that is in `events_clean` counts
exactly once, the table held the first N events by Kafka's order when it counted N; the generator sends
with the current time, so that is the order of their event times, up to the few milliseconds between
partitions. An event's delay is thus the commit time of the first snapshot that counts as many events
as its rank, minus its event time. A commit that was not seen can only make a delay look longer.
"""

from threading import Event, Thread
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import psycopg

from core.postgres import connect
from core.settings import PostgresSettings
from core.tables import NOTIFY_CHANNEL

__all__ = ["KpiWatch", "delays_ms"]

LONGEST_SILENCE_S = 0.05
SNAPSHOT = """
    SELECT
        sum(orders_created + payments_initiated + payment_success + payment_failed + orders_cancelled)::bigint,
        extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::float8
    FROM kpi_1m_by_currency
"""
Floats = npt.NDArray[np.float64]


class KpiWatch:
    """Collects (events counted, commit time) in the background; a context manager."""

    def __init__(self, settings: PostgresSettings) -> None:
        self.commits: list[tuple[int, float]] = []
        self._settings = settings
        self._stop = Event()
        self._thread = Thread(target=self._run, name="kpi-watch", daemon=True)

    def _run(self) -> None:
        with connect(self._settings, autocommit=True) as listener:
            listener.execute(f"LISTEN {NOTIFY_CHANNEL}".encode())
            while not self._stop.is_set():
                for _ in listener.notifies(timeout=LONGEST_SILENCE_S, stop_after=1):
                    pass
                self._look(listener)

    def _look(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        row = connection.execute(SNAPSHOT).fetchone()
        if row is None or row[0] is None:
            return
        counted, committed = int(str(row[0])), float(str(row[1]))
        if not self.commits or counted != self.commits[-1][0]:
            self.commits.append((counted, committed))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()


def delays_ms(event_times: Floats, commits: list[tuple[int, float]]) -> Floats:
    """Delay of each event in milliseconds; `event_times` are all events' epoch seconds, sorted.

    Events that no commit counts are left out of the end.
    """
    counted = np.maximum.accumulate(np.array([count for count, _ in commits], dtype=np.int64))
    committed = np.array([time for _, time in commits])
    first = np.searchsorted(counted, np.arange(1, len(event_times) + 1), side="left")
    known = first < len(counted)
    delays: Floats = (committed[first[known]] - event_times[known]) * 1000
    return delays
