"""`python -m spark_jobs.stream`: the long-running streaming job.

Runs both queries until SIGTERM or SIGINT (finishes the current batches, exits with 0) or until
one of them fails (stops the other, reports the error, exits with 1). Settings: `core.settings`.
"""

import signal
import sys
import threading
from datetime import UTC, datetime

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

from control.heartbeat import INTERVAL_S, HeartbeatWriter
from core import kafka, postgres
from core.errors import OrderpulseError
from core.logging import configure_logging, get_logger
from core.settings import Settings, load_settings
from spark_jobs.checkpoint_lock import lock_checkpoint
from spark_jobs.heap import note_exhaustion, with_heap
from spark_jobs.progress import query_progress
from spark_jobs.queries import RunningQuery, start_queries
from spark_jobs.repeats import Repeats
from spark_jobs.session import build_session
from spark_jobs.start import prepare_start
from spark_jobs.topic_watch import TopicWatch
from spark_jobs.upkeep import Upkeep

log = get_logger(__name__)

LOCK_TIMEOUT_S = 30.0
SERVERS_TIMEOUT_S = 60.0


def main() -> int:
    """Entry point; returns the process's exit code."""
    configure_logging(process="spark_stream")
    try:
        settings = load_settings()
        configure_logging(settings.log_level, process="spark_stream")
        return _run(settings)
    except OrderpulseError as error:
        log.error("stream.failed", error=str(error))
        return 1


def _run(settings: Settings) -> int:
    try:
        return run(settings)
    except (Py4JError, ConnectionError) as error:
        reason = "its heap is full" if note_exhaustion(settings) else str(error).partition("\n")[0]
        log.error("stream.failed", error=f"Spark's JVM has ended or does not respond: {reason}")
        return 1


def run(settings: Settings) -> int:
    """Run until told to stop (0) or until a query fails (1)."""
    lock = lock_checkpoint(settings.checkpoint_dir, LOCK_TIMEOUT_S)
    kafka.check_access(settings.kafka, settings.kafka.topic)
    postgres.wait_until_reachable(settings.postgres, SERVERS_TIMEOUT_S)
    start = prepare_start(settings, SERVERS_TIMEOUT_S)
    spark = build_session(with_heap(settings), "orderpulse", inherited_fds=(lock,))
    stop = _stop_on_signals()
    heartbeat = HeartbeatWriter("spark_stream", settings.postgres)
    running = start_queries(spark, settings, start)
    log.info("stream.started", checkpoint=str(settings.checkpoint_dir), topic=settings.kafka.topic)
    upkeep = Upkeep(spark, settings)
    repeats = Repeats()
    watch = TopicWatch(settings.kafka, start.topic_id)
    while (watch.failure or upkeep.failure) is None and not stop.wait(INTERVAL_S):
        running = [repeats.start_again(each) for each in running]
        if not all(each.query.isActive for each in running):
            break
        progress = {each.query.name: query_progress(each.query) for each in running}
        said = {"queries": progress, "observed_at": datetime.now(UTC).isoformat(), "topic": watch.seen}
        heartbeat.beat(said)
        upkeep.tick(progress)
        watch.tick()
    upkeep.stop()
    watch.stop()
    failure = watch.failure or _failure(running) or upkeep.failure
    _stop(spark, running, settings.stream.stop_timeout_s)
    if failure is None:
        log.info("stream.stopped")
        return 0
    log.error("stream.failed", error=failure)
    kafka.check_access(settings.kafka, settings.kafka.topic)
    return 1


def _stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set. Call it after the session's start, which installs its own handlers."""
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
            return f"query {each.query.name} ended unexpectedly"
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
