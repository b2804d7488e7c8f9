"""A query's figures in the heartbeat, from Spark's report."""

from dataclasses import dataclass
from typing import Any, cast

from pyspark.sql.streaming import StreamingQuery

from spark_jobs.progress import query_progress


@dataclass
class Reported:
    """The part of a query that the heartbeat reads."""

    lastProgress: dict[str, Any] | None  # noqa: N815  # Spark's name
    isActive: bool = True  # noqa: N815  # Spark's name


def progress_of(reported: Reported) -> dict[str, Any]:
    return query_progress(cast("StreamingQuery", reported))


def report(**changes: Any) -> dict[str, Any]:
    """A progress report with two partitions read to their offsets, one of them behind."""
    return {
        "id": "6a3f",
        "batchId": 7,
        "timestamp": "2026-03-01T09:30:00.000Z",
        "numInputRows": 40,
        "inputRowsPerSecond": 20.0,
        "processedRowsPerSecond": 80.0,
        "durationMs": {"triggerExecution": 350, "addBatch": 200},
        "eventTime": {"watermark": "2026-03-01T09:24:00.000Z"},
        "stateOperators": [
            {"numRowsTotal": 3, "memoryUsedBytes": 100, "numRowsDroppedByWatermark": 1},
            {"numRowsTotal": 4, "memoryUsedBytes": 200, "numRowsDroppedByWatermark": 2},
        ],
        "sources": [
            {
                "endOffset": {"events_raw": {"0": 10, "1": 20}},
                "latestOffset": {"events_raw": {"0": 10, "1": 25}},
            }
        ],
    } | changes


def test_a_query_without_a_batch_reports_it() -> None:
    assert progress_of(Reported(None)) == {"batch_id": None, "active": True}


def test_a_report_is_summed_over_operators_and_partitions() -> None:
    told = progress_of(Reported(report()))
    assert told["query_id"] == "6a3f"
    assert told["batch_id"] == 7
    assert told["records"] == 40
    assert told["input_rate"] == 20.0
    assert told["processed_rate"] == 80.0
    assert told["lag_records"] == 5
    assert told["watermark"] == "2026-03-01T09:24:00.000Z"
    assert told["state_rows"] == 7
    assert told["state_bytes"] == 300
    assert told["dropped_by_watermark"] == 3
    assert told["batch_ms"] == 350


def test_offsets_as_text_mean_the_same() -> None:
    source = {"endOffset": '{"t":{"0":10}}', "latestOffset": '{"t":{"0":12}}'}
    assert progress_of(Reported(report(sources=[source])))["lag_records"] == 2


def test_a_partition_not_yet_read_lags_by_all_of_it() -> None:
    source = {"endOffset": None, "latestOffset": {"t": {"0": 12, "1": 3}}}
    assert progress_of(Reported(report(sources=[source])))["lag_records"] == 15


def test_a_batch_repeated_after_a_restart_knows_no_latest_offset() -> None:
    source = {"endOffset": {"t": {"0": 12}}, "latestOffset": "null"}
    assert progress_of(Reported(report(sources=[source])))["lag_records"] == 0


def test_a_report_older_than_the_batch_is_no_negative_lag() -> None:
    source = {"endOffset": {"t": {"0": 12}}, "latestOffset": {"t": {"0": 10}}}
    assert progress_of(Reported(report(sources=[source])))["lag_records"] == 0


def test_before_the_first_watermark_there_is_none() -> None:
    assert progress_of(Reported(report(eventTime={})))["watermark"] is None


def test_a_query_that_ended_is_not_active() -> None:
    assert progress_of(Reported(report(), isActive=False))["active"] is False
