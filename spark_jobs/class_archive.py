"""`python -m spark_jobs.class_archive`: Spark's classes, parsed and verified once for all later starts.

Java's class data sharing (JEP 350): a short run of both queries on made-up records notes the classes
that it loads in a file, which the driver's JVM then maps instead of reading some 10,000 classes from
jars. That takes a third off the time to the first batch (docs/performance.md). The file fits one
Java and one class path, so it lies in the virtual environment; without it all works, only later.
"""

import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from filelock import FileLock
from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from core.errors import OrderpulseError, PrerequisiteError
from core.events import FIELDS
from core.jars import class_archive
from core.logging import configure_logging, get_logger
from core.settings import Settings, load_settings
from spark_jobs.cluster import batch_settings
from spark_jobs.queries import clean_events, windowed_kpis
from spark_jobs.session import build_session

__all__ = ["ensure_class_archive", "main"]

log = get_logger(__name__)

NICENESS = 10
BATCHES = 3
TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 120.0


def ensure_class_archive(settings: Settings) -> bool:
    """Make the file unless it is there; True where it was made. Raises `PrerequisiteError`."""
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
    gateway = SparkContext._gateway  # noqa: SLF001  # the JVM that must end before the file is whole
    assert gateway is not None, "a session has a JVM"
    try:
        with tempfile.TemporaryDirectory() as folder:
            _stream(spark, settings, Path(folder))
    finally:
        spark.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(STOP_TIMEOUT_S)


def _stream(spark: SparkSession, settings: Settings, folder: Path) -> None:
    seen = [0, 0]

    def count(query: int, batch: DataFrame, _batch_id: int) -> None:
        batch.toArrow()
        seen[query] += 1

    records, parallelism = _records(spark), settings.stream.parallelism
    frames = (clean_events(records, parallelism), "append"), (windowed_kpis(records, parallelism), "update")
    queries = [
        frame.writeStream.outputMode(mode)
        .option("checkpointLocation", (folder / str(number)).as_uri())
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


def _records(spark: SparkSession) -> DataFrame:
    """Records as Kafka gives them, each an acceptable event of this moment."""
    now = F.date_format("timestamp", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
    made_up = {
        "id": F.concat(F.lit("warm-up-"), F.col("value").cast("string")),
        "eventTime": now,
        "eventType": F.lit("order_created"),
        "amount": F.lit(12.5),
        "currency": F.lit("USD"),
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
        )
    )


def main() -> int:
    """Entry point; returns the process's exit code. It gives way to whatever else runs."""
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
