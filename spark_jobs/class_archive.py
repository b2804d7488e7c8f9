"""`python -m spark_jobs.class_archive`: Spark's classes, parsed and verified once for all later starts.

Java's class data sharing (JEP 350): a short run of both queries on generated records writes the classes
that it loads to a file, which the driver's JVM then maps instead of reading about 10,000 classes from
jars. That saves a third of the time to the first batch (docs/performance.md). The file is valid for one
Java and one class path, so it is in the virtual environment; without it, starts are only slower.
"""

import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from filelock import FileLock
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from core.errors import OrderpulseError, PrerequisiteError
from core.events import FIELDS
from core.jars import class_archive
from core.logging import configure_logging, get_logger
from core.settings import Settings, load_settings
from spark_jobs.cluster import batch_settings
from spark_jobs.jvm import gateway
from spark_jobs.queries import clean_events, windowed_kpis
from spark_jobs.session import build_session, checkpoint_location
from spark_jobs.source import HEADERS_TYPE

log = get_logger(__name__)

NICENESS = 10
BATCHES = 3
TIMEOUT_S = 600.0
STOP_TIMEOUT_S = 600.0


def ensure_class_archive(settings: Settings) -> bool:
    """Create the file if it is missing; True if it was created. Raises `PrerequisiteError`."""
    path = class_archive(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if path.exists():
            return False
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        _run_queries(settings, unfinished)
        unfinished.rename(path)
    return True


def _run_queries(settings: Settings, archive: Path) -> None:
    spark = build_session(settings, "orderpulse-classes", dump_classes=archive)
    jvm = gateway()  # it must end before the file is complete
    try:
        with tempfile.TemporaryDirectory() as folder:
            _stream(spark, settings, Path(folder))
    finally:
        spark.stop()
        jvm.shutdown()
        jvm.proc.stdin.close()
        jvm.proc.wait(STOP_TIMEOUT_S)


def _stream(spark: SparkSession, settings: Settings, folder: Path) -> None:
    seen = [0, 0]

    def count(query: int, batch: DataFrame, _batch_id: int) -> None:
        batch.toArrow()
        seen[query] += 1

    currencies, parallelism = settings.shop.currency_codes(), settings.stream.parallelism
    records = _records(spark, currencies[0])
    frames = (
        (clean_events(records, currencies, parallelism), "append"),
        (windowed_kpis(records, currencies, parallelism), "update"),
    )
    queries = [
        frame.writeStream.outputMode(mode)
        .option("checkpointLocation", checkpoint_location(folder / str(number)))
        .foreachBatch(partial(count, number))
        .start()
        for number, (frame, mode) in enumerate(frames)
    ]
    deadline = time.monotonic() + TIMEOUT_S
    while min(seen) < BATCHES:
        error = next((found for query in queries if (found := query.exception())), None)
        if error is not None or time.monotonic() > deadline:
            raise PrerequisiteError(f"Spark could not run its queries: {error or 'it took too long'}")
        time.sleep(0.1)
    for query in queries:
        query.stop()


def _records(spark: SparkSession, currency: str) -> DataFrame:
    """Records as Kafka returns them, each a valid event of the current time."""
    now = F.date_format("timestamp", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
    made_up = {
        "id": F.concat(F.lit("warm-up-"), F.col("value").cast("string")),
        "eventTime": now,
        "eventType": F.lit("order_created"),
        "amount": F.lit(12.5),
        "currency": F.lit(currency),
        "status": F.lit("success"),
    }
    values = [made_up.get(field.name, F.lit("ORD1")).alias(field.name) for field in FIELDS]
    return (
        spark.readStream.format("rate")
        .option("rowsPerSecond", 50)
        .load()
        .select(
            F.lit("warm-up").alias("topic"),
            F.lit(0).alias("partition"),
            F.col("value").alias("offset"),
            F.col("timestamp").alias("kafka_time"),
            F.encode(F.to_json(F.struct(*values)), "UTF-8").alias("value"),
            F.lit(None).cast(HEADERS_TYPE).alias("headers"),
        )
    )


def main() -> int:
    """Entry point; returns the process's exit code. Runs with low priority."""
    configure_logging(process="class_archive")
    os.nice(NICENESS)
    try:
        settings = batch_settings(load_settings())
        made = ensure_class_archive(settings)
    except OrderpulseError as error:
        log.error("class_archive.failed", error=str(error))
        return 1
    log.info("class_archive.made" if made else "class_archive.is_there", path=str(class_archive(settings)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
