"""Repairs by the running job, twice a minute: rows that the watermark dropped, KPIs of settled minutes that differ
from `events_clean`, and messages that did not map of which only the beginning was stored.

The queries are exactly-once by themselves; this corrects what they cannot detect.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import adbc_driver_manager
import psycopg
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]  # ships no types
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from core import postgres
from core.clock import to_iso8601
from core.errors import BrokerError, DatabaseError
from core.logging import get_logger
from core.settings import Settings
from database import reconcile
from spark_jobs.heal import heal_next_batch
from spark_jobs.rejected.kept_records import MESSAGES, complete_messages

log = get_logger(__name__)

INTERVAL_S = 30.0
FIRST_COMPARISON = timedelta(hours=1)
"""How far back the first comparison after a start looks; later ones continue from there."""


class Upkeep:
    """Heals and reconciles when due, in a separate thread: the job's heartbeat must not wait for it.

    If the database or the broker is down, it is postponed. `failure` is the sentence that ends the job if the
    database refuses the work.
    """

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self._spark = spark
        self._settings = settings
        self._due = time.monotonic() + INTERVAL_S
        self._compared_until: datetime | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="upkeep")
        self._work: Future[None] | None = None
        self.failure: str | None = None

    def tick(self, progress: dict[str, dict[str, Any]]) -> None:
        """Start the work that is due. `progress` by query name, as `progress.query_progress` returns it.

        Raises the error of the previous work.
        """
        if self._work is not None and self._work.done():
            self._work.result()
            self._work = None
        if self._work is None and time.monotonic() >= self._due:
            self._due = time.monotonic() + INTERVAL_S
            self._work = self._worker.submit(self._do, self._caught_up(progress))

    def stop(self) -> None:
        """Start nothing more; running work ends with the session and is repeated later."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _do(self, caught_up: bool) -> None:
        try:
            self._heal()
            self._complete_messages()
            if caught_up:
                self._compared_until = reconcile_settled(self._settings, self._compared_until)
        except (DatabaseError, adbc_driver_manager.OperationalError, *postgres.TRANSIENT_ERRORS) as error:
            log.warning("upkeep.postponed", error=str(error).strip())
        except (psycopg.Error, adbc_driver_manager.Error) as error:
            reason = str(error).strip().partition("\n")[0]
            self.failure = f"KPIs could not be compared with the events: {reason}."

    def _heal(self) -> None:
        """Heal one batch. If Kafka is down, the queries wait, and so does this."""
        try:
            heal_next_batch(self._spark, self._settings)
        except (BrokerError, Py4JJavaError, PySparkException) as error:
            log.warning("heal.postponed", error=str(error).strip().partition("\n")[0])

    def _complete_messages(self) -> None:
        try:
            while complete_messages(self._settings) == MESSAGES:
                log.debug("messages.completed")
        except BrokerError as error:
            log.warning("messages.postponed", error=str(error))

    def _caught_up(self, progress: dict[str, dict[str, Any]]) -> bool:
        """Whether no backlog is being read: during one, a query may be minutes ahead, so nothing is settled."""
        limit = self._settings.stream.max_offsets_per_trigger // 10
        return all(query.get("lag_records", limit + 1) <= limit for query in progress.values())


def reconcile_settled(settings: Settings, since: datetime | None) -> datetime | None:
    """Compare the minutes that settled since `since`, and recompute those that differ.

    Returns the end of the minutes compared so far; None before the first batch of each query.
    """
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        until = reconcile.settled_until(connection)
        if until is None:
            return None
        start = reconcile.first_comparable(connection, since or until - FIRST_COMPARISON)
        differing = reconcile.recompute_differing(connection, start, until)
        if differing:
            log.warning("kpis.recomputed", windows=[to_iso8601(window) for window in differing])
    return max(start, until)
