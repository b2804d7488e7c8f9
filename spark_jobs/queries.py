"""The two streaming queries of the contract (section 2), from the topic to their sinks."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQuery

from core.settings import Settings
from spark_jobs.deduplicate import drop_duplicate_events, drop_duplicate_records
from spark_jobs.kpis import GRAIN, detailed_kpis
from spark_jobs.rejected.origin import bounded
from spark_jobs.rules.validate import EVENT_COLUMNS, PAYLOAD_COLUMNS, validate
from spark_jobs.session import checkpoint_location
from spark_jobs.sink import events as events_sink
from spark_jobs.sink import kpis as kpis_sink
from spark_jobs.sink.writer import BatchSink, WriteBatch
from spark_jobs.source import read_stream
from spark_jobs.start import Start

EVENTS_CLEAN_QUERY = "events_clean"
KPI_1M_QUERY = "kpi_1m"
PLACE = ("topic", "partition", "offset", "kafka_time")


@dataclass(frozen=True, slots=True)
class RunningQuery:
    """A started query and its sink. `again` restarts it after its end."""

    query: StreamingQuery
    sink: BatchSink
    again: Callable[[], "RunningQuery"]


def clean_events(records: DataFrame, currencies: Collection[str], parallelism: int) -> DataFrame:
    """Raw records with headers -> distinct events and rejected records; `reason` is null for events."""
    return rows_for_sink(drop_duplicate_records(validate(records, currencies), parallelism))


def rows_for_sink(validated: DataFrame) -> DataFrame:
    """The columns for the sink of `events_clean`."""
    headers = F.when(F.col("reason").isNotNull(), bounded(F.col("headers"))).alias("headers")
    return validated.select(*EVENT_COLUMNS, *PLACE, "reason", "detail", headers, *PAYLOAD_COLUMNS)


def windowed_kpis(records: DataFrame, currencies: Collection[str], parallelism: int) -> DataFrame:
    """Raw records -> KPIs by minute, currency and the optional fields of the accepted, distinct events."""
    accepted = validate(records, currencies).where(F.col("reason").isNull())
    events = accepted.select("id", "event_time", "event_type", "amount", *GRAIN)
    return detailed_kpis(drop_duplicate_events(events, parallelism))


def start_queries(spark: SparkSession, settings: Settings, begin: Start) -> list[RunningQuery]:
    """Start both queries, each with its checkpoint in `settings.checkpoint_dir`.

    A query without a checkpoint starts at its offsets in `begin`, or else at the topic's first record.
    """
    kafka, stream, start_positions = settings.kafka, settings.stream, begin.offsets
    currencies = settings.shop.currency_codes()
    gathered = read_stream(
        spark, kafka, stream, start=start_positions.get(KPI_1M_QUERY), max_delay_ms=stream.kpi_max_delay_ms
    )
    prompt = read_stream(spark, kafka, stream, start=start_positions.get(EVENTS_CLEAN_QUERY), headers=True)
    return [
        _start(
            spark,
            settings,
            begin.topic_id,
            EVENTS_CLEAN_QUERY,
            clean_events(prompt, currencies, stream.parallelism),
            "append",
            events_sink.PREPARE,
            partial(events_sink.write_events, shared_until=begin.shared_until),
        ),
        _start(
            spark,
            settings,
            begin.topic_id,
            KPI_1M_QUERY,
            windowed_kpis(gathered, currencies, stream.parallelism),
            "update",
            kpis_sink.PREPARE,
            kpis_sink.write_kpis,
        ),
    ]


def _start(
    spark: SparkSession,
    settings: Settings,
    topic_id: str | None,
    name: str,
    frame: DataFrame,
    mode: str,
    prepare: tuple[str, ...],
    write: WriteBatch,
) -> RunningQuery:
    def start() -> RunningQuery:
        batch_sink = BatchSink(
            spark,
            name,
            settings.postgres,
            prepare,
            write,
            retry_s=settings.stream.sink_retry_s,
            topic_id=topic_id,
        )
        writer = (
            frame.writeStream.queryName(name)
            .outputMode(mode)
            .option("checkpointLocation", checkpoint_location(settings.checkpoint_dir / name))
            .foreachBatch(batch_sink)
        )
        if settings.stream.trigger_interval_ms:
            writer = writer.trigger(processingTime=f"{settings.stream.trigger_interval_ms} milliseconds")
        return RunningQuery(writer.start(), batch_sink, start)

    return start()
