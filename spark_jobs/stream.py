"""`python -m spark_jobs.stream`: the long-running streaming job.

Runs both queries until SIGTERM or SIGINT (ends the batches under way, exits 0) or until
one of them fails (stops the other, says why, exits 1). Settings: `core.settings`.
"""

import signal
import sys
import threading
from datetime import UTC, datetime

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

from core import kafka, postgres
from core.errors import OrderpulseError
from core.logging import configure_logging, get_logger
from core.settings import Settings, load_settings
from spark_jobs.checkpoint_lock import lock_checkpoint
from spark_jobs.progress import Heartbeat, query_progress
from spark_jobs.queries import RunningQuery, start_queries
from spark_jobs.repeats import Repeats
from spark_jobs.session import build_session
from spark_jobs.start import find_beginnings
from spark_jobs.upkeep import Upkeep

__all__ = ["main", "run"]

log = get_logger(__name__)

HEARTBEAT_S = 1.0
LOCK_TIMEOUT_S = 30.0
DATABASE_TIMEOUT_S = 60.0


def main() -> int:
    """Entry point; returns the process's exit code."""
    configure_logging(process="spark_stream")
    try:
        settings = load_settings()
        configure_logging(settings.log_level, process="spark_stream")
        return run(settings)
    except OrderpulseError as error:
        log.error("stream.failed", error=str(error))
        return 1
    except (Py4JError, ConnectionError) as error:
        reason = str(error).partition("\n")[0]
        log.error("stream.failed", error=f"Spark's JVM has ended or does not answer: {reason}")
        return 1


def run(settings: Settings) -> int:
    """Run until told to stop (0) or until a query fails (1)."""
    lock = lock_checkpoint(settings.checkpoint_dir, LOCK_TIMEOUT_S)
    kafka.refuse_strangers(settings.kafka, settings.kafka.topic)
    postgres.wait_until_reachable(settings.postgres, DATABASE_TIMEOUT_S)
    beginnings = find_beginnings(settings)
    spark = build_session(settings, "orderpulse", inherited_fds=(lock,))
    stop = _stop_on_signals()
    heartbeat = Heartbeat("spark_stream", settings.postgres)
    running = start_queries(spark, settings, beginnings)
    log.info("stream.started", checkpoint=str(settings.checkpoint_dir), topic=settings.kafka.topic)
    upkeep = Upkeep(spark, settings)
    repeats = Repeats()
    while not stop.wait(HEARTBEAT_S):
        running = [repeats.start_again(each) for each in running]
        if not all(each.query.isActive for each in running):
            break
        progress = {each.query.name: query_progress(each.query) for each in running}
        heartbeat.beat({"queries": progress, "observed_at": datetime.now(UTC).isoformat()})
        upkeep.tick(progress)
    upkeep.stop()
    failure = _failure(running)
    _stop(spark, running, settings.stream.stop_timeout_s)
    if failure is None:
        log.info("stream.stopped")
        return 0
    log.error("stream.failed", error=failure)
    kafka.refuse_strangers(settings.kafka, settings.kafka.topic)
    return 1


def _stop_on_signals() -> threading.Event:
    """Set by SIGTERM and SIGINT. After the session, whose start installs its own handlers."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _failure(running: list[RunningQuery]) -> str | None:
    for each in running:
        error = each.query.exception()
        if error is not None:
            return f"query {each.query.name}: {each.sink.failure or str(error).partition(chr(10))[0]}"
        if not each.query.isActive:
            return f"query {each.query.name} ended by itself"
    return None


def _stop(spark: SparkSession, running: list[RunningQuery], timeout_s: float) -> None:
    """Let the batches that are being written commit, then stop queries and session."""
    for each in running:
        if not each.sink.hold(timeout_s):
            log.warning("stream.batch_cut", query=each.query.name, waited_s=timeout_s)
    for each in running:
        each.query.stop()
    spark.stop()


if __name__ == "__main__":
    sys.exit(main())
