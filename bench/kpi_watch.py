"""Measures when an event first counts in the KPIs, by watching the commits of the KPI tables.

At each notification (and every 50 ms at the latest) one snapshot reads how many events the KPI table
counts and when the newest of its rows was committed. Since an event that is in `events_clean` counts
exactly once, the table held the first N events by Kafka's order when it counted N; the generator sends
with the current time, so that is the order of their event times, up to the few milliseconds between
partitions. An event's delay is thus the commit time of the first snapshot that counts as many events
as its rank, minus its event time. A missed commit can only make a delay look longer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import numpy as np
import numpy.typing as npt
import psycopg

from bench.background import in_background
from core.kpis import COUNTS
from core.postgres import connect
from core.settings import PostgresSettings
from core.tables import NOTIFY_CHANNEL

LONGEST_SILENCE_S = 0.05
SNAPSHOT = f"""
    SELECT
        sum({" + ".join(COUNTS)})::bigint,
        extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::float8
    FROM kpi_1m_by_currency
"""  # noqa: S608  # constant names
Floats = npt.NDArray[np.float64]
Commits = list[tuple[int, float]]
"""Events counted, and when they were committed."""


@contextmanager
def watched_commits(settings: PostgresSettings) -> Iterator[Commits]:
    """The commits of the KPI tables, collected until the block ends."""
    commits: Commits = []

    def watch(stop: Event) -> None:
        with connect(settings, autocommit=True) as listener:
            listener.execute(f"LISTEN {NOTIFY_CHANNEL}".encode())
            while not stop.is_set():
                for _ in listener.notifies(timeout=LONGEST_SILENCE_S, stop_after=1):
                    pass
                _look(listener, commits)

    with in_background(watch):
        yield commits


def _look(connection: psycopg.Connection[tuple[object, ...]], commits: Commits) -> None:
    row = connection.execute(SNAPSHOT).fetchone()
    if row is None or row[0] is None:
        return
    counted, committed = int(str(row[0])), float(str(row[1]))
    if not commits or counted != commits[-1][0]:
        commits.append((counted, committed))


def delays_ms(event_times: Floats, commits: Commits) -> Floats:
    """Delay of each event in milliseconds; `event_times` are all events' epoch seconds, sorted.

    Events at the end that no commit counts are left out.
    """
    counted = np.maximum.accumulate(np.array([count for count, _ in commits], dtype=np.int64))
    committed = np.array([time for _, time in commits])
    first = np.searchsorted(counted, np.arange(1, len(event_times) + 1), side="left")
    known = first < len(counted)
    delays: Floats = (committed[first[known]] - event_times[known]) * 1000
    return delays
