"""One transaction per micro-batch, retried while the database is down.

The batch is collected as Arrow exactly once (a second action would read and compute it
again), then written by the query's function (`events`, `kpis`). The ledger row commits
with the data and makes a replayed batch harmless: if it exists, nothing is written.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential

from core import postgres
from core.errors import CheckpointError, DatabaseError, OrderpulseError
from core.logging import get_logger
from core.settings import PostgresSettings
from core.tables import NOTIFY_CHANNEL
from spark_jobs.evaluation import Evaluation
from spark_jobs.execution import BatchExecution, find_query, read_execution

log = get_logger(__name__)

Cursor = Any
"""A cursor of the ADBC driver, which has no public types."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a query's writer did with a batch, in records; `announce` goes into the notification.

    `differing`: duplicates whose content differs from the stored event.
    """

    written: int
    duplicate: int
    rejected: int
    max_event_time: datetime | None
    announce: dict[str, Any]
    differing: int = 0


WriteBatch = Callable[[Cursor, pa.Table, BatchExecution], BatchResult]
"""Writes a collected batch inside the open transaction."""


class BatchSink:
    """The function that `foreachBatch` calls, for one query.

    `prepare` statements run once per connection (temporary tables); `write` runs in each
    batch's transaction. While `hold()` is active no batch starts to write. `failure`
    is the sentence of the error that ended the query, which Spark wraps in its own. `recounted` is true if
    that was a batch with wrong figures: the query may be restarted from its checkpoint.
    """

    def __init__(
        self,
        spark: SparkSession,
        query_name: str,
        settings: PostgresSettings,
        prepare: tuple[str, ...],
        write: WriteBatch,
        *,
        retry_s: float,
        topic_id: str | None = None,
    ) -> None:
        self._spark = spark
        self.query_name = query_name
        self._uri = postgres.uri(settings)
        self._prepare = prepare
        self._write = write
        self._retry_s = retry_s
        self._topic_id = topic_id
        self.failure: str | None = None
        self.recounted = False
        self._connection: Any = None
        self._committed: tuple[str, int] | None = None
        self._writing = Lock()
        self._stopping = Event()
        self._evaluation = Evaluation()

    def __call__(self, batch: DataFrame, batch_id: int) -> None:
        """Collect and commit one micro-batch. Raises `DatabaseError` if the database stays down."""
        started = time.perf_counter()
        table = batch.toArrow()
        query = find_query(self._spark, self.query_name)
        execution = read_execution(query)
        self._evaluation.adapt(batch.sparkSession, execution.read)
        collected_ms = (time.perf_counter() - started) * 1000
        if not execution.counted_once:
            self.recounted = True
            self.failure = (
                f"Batch {batch_id} of {self.query_name} was computed more than once, so its figures are wrong. "
                "Nothing of it was committed; it is repeated."
            )
            raise InterruptedError(self.failure)
        with self._writing:
            if self._stopping.is_set():
                raise InterruptedError("the stream is stopping; the batch will be replayed")
            try:
                self._commit_with_retry(str(query.id), batch_id, table, execution, collected_ms)
            except OrderpulseError as error:
                self.failure = str(error)
                raise

    @property
    def has_committed(self) -> bool:
        """Whether a batch was committed since the query's start."""
        return self._committed is not None

    def hold(self, timeout_s: float) -> bool:
        """Wait for the batch that is being written and start no other. False on timeout."""
        self._stopping.set()
        finished = self._writing.acquire(timeout=timeout_s)
        if finished:
            self._writing.release()
        return finished

    def _commit_with_retry(
        self, query_id: str, batch_id: int, table: pa.Table, execution: BatchExecution, collected_ms: float
    ) -> None:
        retrying = Retrying(
            retry=retry_if_exception(_is_transient),
            stop=stop_after_delay(self._retry_s),
            wait=wait_exponential(multiplier=0.1, max=2),
            before_sleep=self._after_failure,
            reraise=True,
        )
        try:
            for attempt in retrying:
                with attempt:
                    self._commit(query_id, batch_id, table, execution, collected_ms)
        except adbc_driver_manager.Error as error:
            self._disconnect()
            raise DatabaseError(
                f"Batch {batch_id} of {self.query_name} could not be written: {_reason(error)}. "
                "Nothing of it was committed; the job stops and repeats the batch when it runs again."
            ) from error

    def _after_failure(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("batch.retry", query=self.query_name, attempt=state.attempt_number, error=_reason(error))
        self._disconnect()

    def _commit(
        self, query_id: str, batch_id: int, table: pa.Table, execution: BatchExecution, collected_ms: float
    ) -> None:
        started = time.perf_counter()
        connection = self._connect()
        with connection.cursor() as cursor:
            if _already_committed(cursor, query_id, batch_id, execution):
                connection.rollback()
                log.info("batch.replayed", query=self.query_name, batch_id=batch_id)
                return
            result = self._write(cursor, table, execution)
            durations = {
                "collect": round(collected_ms, 1),
                "write": round((time.perf_counter() - started) * 1000, 1),
            }
            place = (query_id, batch_id, self.query_name, self._topic_id)
            _insert_ledger_row(cursor, place, execution, result, durations)
            _notify(cursor, {"query": self.query_name, "batch_id": batch_id, **result.announce})
        connection.commit()
        self._committed = query_id, batch_id

    def _connect(self) -> Any:
        if self._connection is None:
            self._connection = connection = adbc.connect(self._uri)
            with connection.cursor() as cursor:
                if self._committed is not None:
                    _require_committed(cursor, *self._committed)
                for statement in ("SET TIME ZONE 'UTC'", *self._prepare):
                    cursor.execute(statement)
            connection.commit()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except adbc_driver_manager.Error as error:
                log.debug("connection.close_failed", error=_reason(error))


def _already_committed(cursor: Cursor, query_id: str, batch_id: int, execution: BatchExecution) -> bool:
    cursor.execute(
        "SELECT offsets_from::text, offsets_to::text FROM ops.stream_batch WHERE query_id = $1::uuid AND batch_id = $2",
        (query_id, batch_id),
    )
    row = cursor.fetchone()
    if row is None:
        return False
    recorded = [{int(partition): offset for partition, offset in json.loads(text).items()} for text in row]
    if recorded != [execution.offsets_from, execution.offsets_to]:
        raise CheckpointError(
            f"Batch {batch_id} of query {query_id} covers offsets {execution.offsets_from} to {execution.offsets_to}, "
            f"but the ledger committed it for {recorded[0]} to {recorded[1]}: the checkpoint has fallen behind the "
            "database (a power cut, or an old copy). Set the checkpoint aside to start a new one; rows are written once."
        )
    return True


def _require_committed(cursor: Cursor, query_id: str, batch_id: int) -> None:
    """Raise `CheckpointError` if the database has lost a batch whose commit it had confirmed.

    It went back in time (a failover to a replica, a restore). Another batch would hide the gap;
    the next start of the job detects it and resumes where the ledger ends.
    """
    cursor.execute(
        "SELECT 1 FROM ops.stream_batch WHERE query_id = $1::uuid AND batch_id = $2", (query_id, batch_id)
    )
    if cursor.fetchone() is None:
        raise CheckpointError(
            f"The database no longer has batch {batch_id} of query {query_id}, whose commit it had confirmed: it is "
            "an older copy. The job stops; when it runs again, it resumes where the ledger ends."
        )


def _insert_ledger_row(
    cursor: Cursor,
    place: tuple[str, int, str, str | None],
    execution: BatchExecution,
    result: BatchResult,
    durations_ms: dict[str, float],
) -> None:
    cursor.execute(
        """
        INSERT INTO ops.stream_batch (
            query_id, batch_id, query_name, topic_id, offsets_from, offsets_to, records_read, records_written,
            records_duplicate, records_differing, records_rejected, records_dropped_by_watermark,
            max_event_time, durations_ms
        ) VALUES (
            $1::text::uuid, $2, $3, $4, $5::text::jsonb, $6::text::jsonb, $7, $8, $9, $10, $11, $12,
            $13::text::timestamptz, $14::text::jsonb
        )
        """,
        (
            *place,
            json.dumps(execution.offsets_from),
            json.dumps(execution.offsets_to),
            execution.read,
            result.written,
            result.duplicate,
            result.differing,
            result.rejected,
            execution.dropped_by_watermark,
            result.max_event_time.isoformat() if result.max_event_time else None,
            json.dumps(durations_ms),
        ),
    )


def _notify(cursor: Cursor, payload: dict[str, Any]) -> None:
    cursor.execute("SELECT pg_notify($1, $2)", (NOTIFY_CHANNEL, json.dumps(payload)))
    cursor.fetchall()


TRANSIENT_SQLSTATES = ("08", "53", "57P", "40001", "40P01", "55P03")
"""SQLSTATEs: connection lost, out of resources, shutting down, serialisation, deadlock, lock not available."""


def _is_transient(error: BaseException) -> bool:
    if not isinstance(error, adbc_driver_manager.Error):
        return False
    state = (error.sqlstate or "").strip("\0")
    return not state or state.startswith(TRANSIENT_SQLSTATES)


def _reason(error: BaseException | None) -> str:
    """PostgreSQL's own line of an error, which ADBC puts behind the whole statement, or else the first line."""
    lines = str(error).strip().splitlines() if error is not None else []
    ours = [line.partition("ERROR:")[2].strip() for line in lines if "ERROR:" in line]
    return next(iter(ours + lines), type(error).__name__)
