"""The import: batch by batch judged, written, counted.

An import that was killed has written whole transactions (`TRANSACTION_ROWS`); the same import again finds their events as
duplicates and continues. The verdicts are the stream's, with the start of the import as Kafka's time: what is old is not
`late`, what is ahead is still `future`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from core import postgres
from core.errors import OrderpulseError
from core.history import Position
from core.settings import RetentionSettings, Settings
from database.retention import events_limit
from spark_jobs.evaluation import Evaluation
from spark_jobs.history.rejects import Rejects
from spark_jobs.history.store import prepare, store
from spark_jobs.rules.validate import EVENT_COLUMNS, validate

EXPIRED = "expired"
"""A reason beside those of `core.events`: other events of the minute were deleted by age, so its KPIs cannot be recomputed."""

TRANSACTION_ROWS = 20_000
"""Events that are written at once: about a second, during which the stream's KPIs wait."""

Batch = tuple[pa.RecordBatch, Position]


class HistoryError(OrderpulseError):
    """A file that cannot be imported as it is."""


@dataclass(frozen=True, slots=True)
class Options:
    """`let_expire`: also import events that the next retention deletes. `dry_run`: count, and change nothing."""

    let_expire: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Summary:
    """Counts: each event is new, a duplicate or rejected.

    `differing`: duplicates with other content than the stored event. `rejected`: by reason; also lines that do not map, and
    `EXPIRED`. `minutes`: recomputed ones.
    """

    position: Position = field(default_factory=Position)
    new: int = 0
    duplicate: int = 0
    differing: int = 0
    minutes: int = 0
    oldest: datetime | None = None
    rejected: Counter[str] = field(default_factory=Counter)


def read_batches(stream: Any) -> Iterator[Batch]:
    """The batches of an Arrow stream of `core.history.ROWS`. Raises `HistoryError` if it ends before the file does."""
    position = Position()
    try:
        with pa.ipc.open_stream(stream) as reader:
            while not position.is_end:
                batch, metadata = reader.read_next_batch_with_custom_metadata()
                position = Position.of(metadata)
                yield batch, position
    except (StopIteration, pa.ArrowInvalid, OSError):
        done = (
            f"Its first {position.lines:,} lines are imported; the same command again does the rest."
            if position.lines
            else "Nothing is imported."
        )
        raise HistoryError(f"The file was not read to its end. {done}") from None


def expiry(retention: RetentionSettings, oldest: datetime | None, now: datetime) -> str | None:
    """What retention does with events as old as `oldest`; None if they stay."""
    if oldest is None or oldest >= events_limit(retention, now):
        return None
    days = (now - oldest).days + 2
    return (
        f"The file has events of {oldest:%Y-%m-%d}. Retention deletes events older than {retention.events_days} days, "
        f"every night; it keeps their KPIs. To keep the events too, set ORDERPULSE_RETENTION__EVENTS_DAYS={days} (or more) "
        "and restart the platform before the import."
    )


def require_kept(
    oldest: datetime | None, retention: RetentionSettings, options: Options, now: datetime
) -> None:
    """Raise `HistoryError` if retention would delete events as old as `oldest`, unless that is wanted."""
    why = expiry(retention, oldest, now)
    if why and not (options.let_expire or options.dry_run):
        raise HistoryError(f"{why} To import them for their KPIs alone, add --let-expire.")


def oldest_time(batch: pa.RecordBatch) -> datetime | None:
    """The oldest time that an event of the batch has, whether the rules accept the event or not; None if none has one."""
    mapped = batch.filter(pc.is_null(batch["reason"]))["value"].to_pylist()
    return min(filter(None, map(_event_time, mapped)), default=None)


def _event_time(value: bytes) -> datetime | None:
    try:
        event_time = datetime.fromisoformat(orjson.loads(value)["eventTime"])
    except (ValueError, TypeError, KeyError):
        return None
    return event_time if event_time.tzinfo else None


class Importer:
    """An import. `now` is its start, the Kafka time of all its events."""

    def __init__(
        self, spark: SparkSession, settings: Settings, rejects: Rejects, options: Options, now: datetime
    ) -> None:
        self._session, self._evaluation = spark.newSession(), Evaluation()
        self._settings, self._rejects, self._options, self._now = settings, rejects, options, now
        self.summary = Summary()

    def run(self, batches: Iterable[Batch], progress: Callable[[Summary], None]) -> None:
        """Import the batches. Raises `HistoryError` and psycopg's errors; finished transactions stay."""
        with postgres.connect(self._settings.postgres, autocommit=True) as connection:
            prepare(connection)
            for batch, position in batches:
                self._import(connection, batch)
                self.summary.position = position
                self._rejects.flush()
                progress(self.summary)

    def _import(self, connection: psycopg.Connection[Any], batch: pa.RecordBatch) -> None:
        mapped = batch.filter(pc.is_null(batch["reason"]))
        for line in batch.filter(pc.is_valid(batch["reason"])).to_pylist():
            self._reject(**line)
        if not mapped.num_rows:
            return
        verdicts = self._judge(mapped)
        is_good = pc.is_null(verdicts["reason"])
        good = verdicts.filter(is_good)
        self._require_kept(good)
        for verdict in verdicts.filter(pc.invert(is_good)).select(["row", "reason", "detail"]).to_pylist():
            self._reject_row(mapped, **verdict)
        events = good.select([*EVENT_COLUMNS, "row"])
        for first in range(0, events.num_rows, TRANSACTION_ROWS):
            self._store(connection, events.slice(first, TRANSACTION_ROWS), mapped)

    def _store(self, connection: psycopg.Connection[Any], events: pa.Table, mapped: pa.RecordBatch) -> None:
        stored = store(connection, events, dry_run=self._options.dry_run)
        for row in stored.expired:
            self._reject_row(mapped, row, EXPIRED, None)
        self.summary.new += stored.new
        self.summary.duplicate += stored.duplicate
        self.summary.differing += stored.differing
        self.summary.minutes += stored.minutes

    def _judge(self, mapped: pa.RecordBatch) -> pa.Table:
        """The columns of an event, `reason`, `detail` and `row`, the place in `mapped`."""
        rows = pa.array(range(mapped.num_rows), pa.int32())
        kafka_time = pa.repeat(pa.scalar(self._now, pa.timestamp("us", tz="UTC")), mapped.num_rows)
        records = pa.table({"row": rows, "kafka_time": kafka_time, "value": mapped["value"]})
        self._evaluation.adapt(self._session, mapped.num_rows)
        frame = self._session.createDataFrame(records)
        judged = validate(frame, self._settings.shop.currency_codes(), admit_late=True)
        return judged.select(*EVENT_COLUMNS, "row", "reason", "detail").toArrow()

    def _require_kept(self, good: pa.Table) -> None:
        """Raise `HistoryError` if retention would delete an event, unless that is wanted."""
        oldest = pc.min(good["event_time"]).as_py()
        known = [each for each in (self.summary.oldest, oldest) if each is not None]
        self.summary.oldest = min(known, default=None)
        require_kept(oldest, self._settings.retention, self._options, self._now)

    def _reject_row(self, mapped: pa.RecordBatch, row: int, reason: str, detail: str | None) -> None:
        line, value = mapped["line"][row].as_py(), mapped["value"][row].as_py()
        self._reject(line, value, reason, detail)

    def _reject(self, line: int, value: bytes, reason: str, detail: str | None) -> None:
        self.summary.rejected[reason] += 1
        self._rejects.write(line, value, reason, detail)
