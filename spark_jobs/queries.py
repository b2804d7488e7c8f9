"""The two streaming queries of the contract (section 2), from the topic to their sinks."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQuery

from core.settings import Settings
from spark_jobs.deduplicate import drop_duplicate_events, drop_duplicate_records
from spark_jobs.kpis import kpis_by_currency
from spark_jobs.sink import events as events_sink
from spark_jobs.sink import kpis as kpis_sink
from spark_jobs.sink.writer import BatchSink, WriteBatch
from spark_jobs.source import Offsets, read_stream
from spark_jobs.validate import EVENT_COLUMNS, judge

__all__ = [
    "EVENTS_CLEAN_QUERY",
    "KPI_1M_QUERY",
    "RunningQuery",
    "clean_events",
    "rows_for_sink",
    "start_queries",
    "windowed_kpis",
]

EVENTS_CLEAN_QUERY = "events_clean"
KPI_1M_QUERY = "kpi_1m"


@dataclass(frozen=True, slots=True)
class RunningQuery:
    """A started query and the sink it writes to. `again` starts it anew, once it has ended."""

    query: StreamingQuery
    sink: BatchSink
    again: Callable[[], "RunningQuery"]


def clean_events(records: DataFrame, parallelism: int) -> DataFrame:
    """Raw records -> distinct events and rejected records, told apart by `reason`."""
    return rows_for_sink(drop_duplicate_records(judge(records), parallelism))


def rows_for_sink(judged: DataFrame) -> DataFrame:
    """The columns that the sink of `events_clean` takes; what only a rejected record needs is null in others."""
    rejected = F.col("reason").isNotNull()
    place = [
        F.when(rejected, F.col(name)).alias(name) for name in ("topic", "partition", "offset", "kafka_time")
    ]
    payload = F.when(rejected, F.col("value")).alias("payload")
    return judged.select(*EVENT_COLUMNS, *place, "reason", "detail", payload)


def windowed_kpis(records: DataFrame, parallelism: int) -> DataFrame:
    """Raw records -> KPIs by minute and currency of the accepted, distinct events."""
    accepted = judge(records).where(F.col("reason").isNull())
    events = accepted.select("id", "event_time", "event_type", "currency", "amount")
    return kpis_by_currency(drop_duplicate_events(events, parallelism))


def start_queries(
    spark: SparkSession, settings: Settings, beginnings: dict[str, Offsets]
) -> list[RunningQuery]:
    """Start both queries, each with its checkpoint below `settings.checkpoint_dir`.

    One without a checkpoint begins at its `beginnings`, or else at the topic's first record.
    """
    kafka, stream = settings.kafka, settings.stream
    gathered = read_stream(
        spark, kafka, stream, start=beginnings.get(KPI_1M_QUERY), max_delay_ms=stream.kpi_max_delay_ms
    )
    prompt = read_stream(spark, kafka, stream, start=beginnings.get(EVENTS_CLEAN_QUERY))
    return [
        _start(
            spark,
            settings,
            EVENTS_CLEAN_QUERY,
            clean_events(prompt, stream.parallelism),
            "append",
            events_sink.PREPARE,
            events_sink.write_events,
        ),
        _start(
            spark,
            settings,
            KPI_1M_QUERY,
            windowed_kpis(gathered, stream.parallelism),
            "update",
            kpis_sink.PREPARE,
            kpis_sink.write_kpis,
        ),
    ]


def _start(
    spark: SparkSession,
    settings: Settings,
    name: str,
    frame: DataFrame,
    mode: str,
    prepare: tuple[str, ...],
    write: WriteBatch,
) -> RunningQuery:
    def start() -> RunningQuery:
        batch_sink = BatchSink(
            spark, name, settings.postgres, prepare, write, retry_s=settings.stream.sink_retry_s
        )
        writer = (
            frame.writeStream.queryName(name)
            .outputMode(mode)
            .option("checkpointLocation", (settings.checkpoint_dir / name).as_uri())
            .foreachBatch(batch_sink)
        )
        if settings.stream.trigger_interval_ms:
            writer = writer.trigger(processingTime=f"{settings.stream.trigger_interval_ms} milliseconds")
        return RunningQuery(writer.start(), batch_sink, start)

    return start()
