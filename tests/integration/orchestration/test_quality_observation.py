"""One look at the platform: what it holds, and what it costs."""

import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from control.observation import observe
from core.settings import PostgresSettings, Settings
from tests.checkpoints import write_checkpoint
from tests.platform_rows import QUERY_IDS, PlatformRows

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def rows(
    settings: Settings, database: PostgresSettings, connection: Connection, tmp_path: Path
) -> PlatformRows:
    return PlatformRows.over(settings, database, connection, tmp_path)


def test_an_empty_platform_is_observed(rows: PlatformRows) -> None:
    seen = observe(rows.connection, rows.settings, end_offsets={0: 5})
    assert seen.stream.wanted
    assert seen.stream.heartbeat_age_s is None
    assert seen.last_window is None
    assert (seen.rejects.share, seen.dropped_unhealed_records, seen.dropped_age_s) == (0.0, 0, None)
    query = seen.queries["kpi_1m"]
    assert (query.batch_id, query.event_time_lag_s, query.lag_records) == (None,) * 3
    assert seen.checkpoints["kpi_1m"].checkpoint is None


def test_what_is_there_is_observed(rows: PlatformRows) -> None:
    rows.well()
    rows.batch("kpi_1m", 3, age_s=0, records_dropped_by_watermark=4, event_age_s=-30)
    rows.batch("events_clean", 3, age_s=40, max_event_time=None, records_rejected=7)
    rows.service("generator", "stopped", "by hand")
    rows.failing("spark_stream", "it fails")
    rows.rejects("not_json", 2)
    rows.rejects("late", 5)
    rows.rejects("future", 1, age_s=3600)
    rows.connection.execute(
        "INSERT INTO kpi_1m (window_start, window_end) VALUES (%s, %s)", (rows.now, rows.now)
    )
    seen = observe(rows.connection, rows.settings, clock=rows.clock, end_offsets={0: 47, 1: 5})
    assert (seen.generator.wanted, seen.generator.failing) == (False, None)
    assert seen.stream.failing == "it fails"
    assert seen.stream.heartbeat_age_s == 1
    assert seen.last_window == rows.now
    assert seen.reject_reasons == {"late": 5, "not_json": 2}
    assert seen.rejects.accepted == 40
    assert seen.rejects.share == pytest.approx(7 / 47)
    assert (seen.dropped_unhealed_records, seen.dropped_age_s) == (4, 0)
    kpi, clean = seen.queries["kpi_1m"], seen.queries["events_clean"]
    assert (kpi.batch_id, kpi.commit_age_s, kpi.event_time_lag_s) == (3, 0, 0)
    assert kpi.lag_records == 7 + 5
    assert (clean.batch_id, clean.event_time_lag_s) == (2, 1), "the newest by time, not by number"
    assert clean.catch_up_s == pytest.approx((17 + 5) / 100)
    found = seen.checkpoints["events_clean"]
    assert (found.commit_seen, found.ledger_batch_id) == (2, 3)
    assert found.checkpoint is not None
    assert found.checkpoint.commits.newest == 2


def test_without_the_broker_the_backlog_is_what_the_stream_said(rows: PlatformRows) -> None:
    rows.well()
    rows.heartbeat(lag_records=1234)
    seen = observe(rows.connection, rows.settings, clock=rows.clock)
    assert seen.queries["events_clean"].lag_records == 1234


def test_a_new_checkpoint_has_a_ledger_of_its_own(rows: PlatformRows) -> None:
    rows.well()
    rows.folder("kpi_1m").rename(rows.settings.checkpoint_dir / "aside")
    write_checkpoint(rows.folder("kpi_1m"), QUERY_IDS["kpi_1m"].replace("b", "c"), range(0))
    seen = observe(rows.connection, rows.settings, clock=rows.clock)
    found = seen.checkpoints["kpi_1m"]
    assert (seen.queries["kpi_1m"].batch_id, found.ledger_batch_id, found.commit_seen) == (2, None, None)


def test_a_look_is_cheap_on_a_large_ledger(rows: PlatformRows) -> None:
    rows.well()
    rows.connection.execute(
        """
        INSERT INTO ops.stream_batch
        SELECT query_id, batch_id + n, query_name, offsets_from, offsets_to, records_read, records_written, 0, 0, 0,
            max_event_time - n * interval '1 s', durations_ms, committed_at - n * interval '1 s'
        FROM ops.stream_batch, generate_series(3, 30000) AS n WHERE batch_id = 0
        """
    )
    rows.connection.execute("ANALYZE ops.stream_batch")
    durations_s = []
    for _ in range(5):
        started = time.perf_counter()
        observe(rows.connection, rows.settings, clock=rows.clock)
        durations_s.append(time.perf_counter() - started)
    assert min(durations_s) < 0.1, durations_s


def test_a_clock_that_is_ahead_makes_ages(rows: PlatformRows) -> None:
    rows.well()
    later = observe(rows.connection, rows.settings, clock=lambda: rows.now + timedelta(minutes=5))
    assert later.queries["kpi_1m"].event_time_lag_s == 301
