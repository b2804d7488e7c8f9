"""Past orders from files, with the real reader, the real rules in Spark and a real database."""

import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import orjson
import psycopg
import pytest
from pyspark.sql import SparkSession

from core.settings import PostgresSettings, Settings
from database.reconcile import differing_windows
from database.retention import advance_mark
from spark_jobs.history.load import HistoryError, Importer, Options, Summary, read_batches
from spark_jobs.history.rejects import Rejects
from stack.host.environment import child_environment
from stack.host.waiting import wait_until
from tests.history import BEGIN, History, as_json, history, write_csv, write_json_lines
from tests.truth import (
    DETAIL_QUERY,
    KPIS_QUERY,
    TOTALS_QUERY,
    Event,
    check_events,
    detail_of,
    kpis_of,
    totals_of,
)

Connection = psycopg.Connection[Any]
NOW = datetime.now(UTC)
TABLES = "SELECT * FROM kpi_1m_by_currency JOIN kpi_1m USING (window_start) ORDER BY 1, 2"
SOURCE = """
title: Old shop
setup: []
signature: {scheme: bearer}
message: {value: row}
fields:
  orderId: {path: body.number, prefix: OLD-}
  userId: {path: body.customer, default: guest}
  amount: {path: body.cents, divide_by: 100}
  currency: {value: USD}
  id: body.number
  eventTime: {path: body.date, format: "%d/%m/%Y %H:%M", zone: Asia/Ho_Chi_Minh}
messages:
  row:
    - event: order_created
    - event: payment_success
      when: body.paid == 'yes'
"""

IMPORT_IN_SMALL_BATCHES = """
import os, pathlib, sys
from core.settings import load_settings
from stack.history import import_history
from stack.host.launch import become
become(import_history(load_settings(), pathlib.Path(sys.argv[1]), ["--batch", "400"], []), os.getppid())
"""
"""What `orderpulse import` does, which takes whole minutes to fill a batch of its own size."""


@pytest.fixture
def random() -> Random:
    return Random(20261130)


@pytest.fixture
def kept(settings: Settings, database: PostgresSettings, tmp_path: Path) -> Settings:
    """Settings under which nothing of a history is too old."""
    return settings.model_copy(
        update={
            "postgres": database,
            "retention": settings.retention.model_copy(update={"events_days": 10_000}),
            "intake": settings.intake.model_copy(update={"sources_dir": tmp_path / "sources"}),
        }
    )


def import_file(
    spark: SparkSession, settings: Settings, path: Path, *reading: str, options: Options | None = None
) -> Summary:
    """What `orderpulse import` does, in this process's Spark."""
    command = [sys.executable, "-m", "intake", "history", str(path), "--batch", "1000", *reading]
    reader = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=child_environment(settings), cwd=settings.root
    )
    with reader, Rejects(rejected_file(path)) as rejects:
        importer = Importer(spark, settings, rejects, options or Options(), NOW)
        try:
            importer.run(read_batches(reader.stdout), lambda _: None)
        finally:
            assert reader.stdout is not None
            reader.stdout.close()
    return importer.summary


def rejected_file(path: Path) -> Path:
    return path.with_name(path.name + ".rejected.jsonl")


def rejected_lines(path: Path) -> dict[int, str]:
    """The reasons by line, as the file of rejected records says."""
    rows = map(orjson.loads, rejected_file(path).read_bytes().splitlines())
    return {row["line"]: row["reason"] for row in rows}


def check(connection: Connection, events: Iterable[Event]) -> None:
    """The tables hold these events, the KPIs are what plain Python makes of them, and what the database itself makes."""
    events = list(events)
    check_events(connection, events)
    assert {tuple(row[:6]): tuple(row[6:]) for row in connection.execute(DETAIL_QUERY)} == detail_of(events)
    assert {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(KPIS_QUERY)} == kpis_of(events)
    assert {row[0]: tuple(row[1:]) for row in connection.execute(TOTALS_QUERY)} == totals_of(events)
    assert differing_windows(connection, BEGIN - timedelta(days=30), NOW) == []


def check_totals(connection: Connection, events: Iterable[Event]) -> None:
    """Revenue and refunds by currency."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if event["eventType"] in {"payment_success", "payment_refunded"}:
            totals[f"{event['eventType']} {event['currency']}"] += Decimal(event["amount"])
    query = "SELECT currency, sum(revenue), sum(refunded) FROM kpi_1m_by_currency GROUP BY 1"
    found: dict[str, Decimal] = {}
    for currency, revenue, refunded in connection.execute(query):
        found |= {f"payment_success {currency}": revenue, f"payment_refunded {currency}": refunded}
    assert found == totals


def expected(past: History) -> Summary:
    repeated = len(past.lines) - len(past.events) - len(past.broken)
    return Summary(new=len(past.events), duplicate=repeated, rejected=Counter(past.broken.values()))


def outcome(summary: Summary) -> tuple[Any, ...]:
    return summary.new, summary.duplicate, summary.rejected, summary.differing


def test_a_history_gives_its_kpis_and_the_same_again_only_duplicates(
    spark: SparkSession, kept: Settings, connection: Connection, tmp_path: Path, random: Random
) -> None:
    past, path = history(random, orders=600), tmp_path / "lịch sử.csv.gz"
    write_csv(path, past.lines)
    counted = import_file(spark, kept, path, options=Options(dry_run=True))
    assert outcome(counted) == outcome(expected(past))
    check(connection, [])
    first = import_file(spark, kept, path)
    assert outcome(first) == outcome(expected(past))
    assert first.position.lines == len(past.lines)
    assert rejected_lines(path) == past.broken
    check(connection, past.events)
    check_totals(connection, past.events)
    tables = connection.execute(TABLES).fetchall()
    again = import_file(spark, kept, path)
    assert (again.new, again.minutes) == (0, 0)
    assert again.duplicate == len(past.lines) - len(past.broken)
    assert again.rejected == first.rejected
    assert connection.execute(TABLES).fetchall() == tables, "not even processed_at"


def test_an_import_that_was_killed_goes_on_where_it_was(
    spark: SparkSession, kept: Settings, connection: Connection, tmp_path: Path, random: Random
) -> None:
    """The command reads a pipe, which holds the second half back until the command is dead."""
    past = history(random, orders=400)
    pipe, path = tmp_path / "history.jsonl", tmp_path / "whole.jsonl"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", IMPORT_IN_SMALL_BATCHES, str(pipe)]
    importing = subprocess.Popen(command, env=child_environment(kept), cwd=kept.root, start_new_session=True)
    try:
        with pipe.open("w", encoding="utf-8") as half:
            half.writelines(map(as_json, past.events[:900]))
            half.flush()
            wait_until(lambda: count_events(connection) == 800, 120)
            importing.kill()
            assert importing.wait() == -signal.SIGKILL
        wait_until(lambda: not has_members(importing.pid), 30)
    finally:
        end_group(importing)
    check(connection, past.events[:800])
    write_json_lines(path, past.events)
    rest = import_file(spark, kept, path)
    assert (rest.new, rest.duplicate) == (len(past.events) - 800, 800)
    check(connection, past.events)


def has_members(group: int) -> bool:
    """Whether a process of the group is left, such as the reader of the file."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def end_group(process: subprocess.Popen[bytes]) -> None:
    if has_members(process.pid):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def count_events(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM events_clean").fetchone()
    return int(row[0]) if row else 0


@pytest.mark.slow
def test_lines_of_another_kind_are_mapped_by_a_source(
    spark: SparkSession, kept: Settings, connection: Connection, tmp_path: Path
) -> None:
    """Local times, cents, no ids of events; a row that does not map is listed as it was, one that breaks a rule as an event."""
    kept.sources_dir.mkdir()
    (kept.sources_dir / "old-shop.yaml").write_text(SOURCE, encoding="utf-8")
    path = tmp_path / "orders.csv"
    path.write_text(
        "number;customer;cents;date;paid\n"
        "1001;ann;1999;01/03/2025 16:30;yes\n"
        "1002;;250;01/03/2025 16:31;no\n"
        "1003;bob;12,50;02/03/2025 08:00;yes\n"
        "1004;bob;99.5;02/03/2025 08:00;no\n",
        encoding="utf-8-sig",
    )
    summary = import_file(spark, kept, path, "--source", "old-shop")
    assert outcome(summary) == (3, 0, Counter(bad_amount=1, amount_too_precise=1), 0)
    assert rejected_lines(path) == {4: "bad_amount", 5: "amount_too_precise"}
    unmapped, invalid = map(orjson.loads, rejected_file(path).read_bytes().splitlines())
    assert unmapped["record"]["cents"] == "12,50"
    assert (invalid["record"]["orderId"], invalid["record"]["amount"]) == ("OLD-1004", 0.995)
    rows = connection.execute(
        "SELECT order_id, user_id, amount, event_time FROM events_clean ORDER BY 1, 3, 2"
    )
    paid_at = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
    assert rows.fetchall() == [
        ("OLD-1001", "ann", Decimal("19.99"), paid_at),
        ("OLD-1001", "ann", Decimal("19.99"), paid_at),
        ("OLD-1002", "guest", Decimal("2.50"), paid_at + timedelta(minutes=1)),
    ]
    again = import_file(spark, kept, path, "--source", "old-shop")
    assert (again.new, again.duplicate) == (0, 3)


def test_events_that_retention_would_delete_are_refused_before_anything_is_written(
    spark: SparkSession, kept: Settings, connection: Connection, tmp_path: Path, random: Random
) -> None:
    past, path = history(random, orders=20), tmp_path / "history.jsonl"
    write_json_lines(path, past.events)
    short = kept.model_copy(update={"retention": kept.retention.model_copy(update={"events_days": 30})})
    days = (NOW - datetime.fromisoformat(past.events[0]["eventTime"])).days + 2
    with pytest.raises(HistoryError, match=f"ORDERPULSE_RETENTION__EVENTS_DAYS={days} .*--let-expire"):
        import_file(spark, short, path)
    check(connection, [])
    counted = import_file(spark, short, path, options=Options(dry_run=True))
    assert counted.new == len(past.events), "a dry run counts"
    enough = kept.model_copy(update={"retention": kept.retention.model_copy(update={"events_days": days})})
    assert import_file(spark, enough, path).new == len(past.events)


@pytest.mark.slow
def test_kpis_outlive_their_events_and_an_import_of_the_same_again(
    spark: SparkSession, kept: Settings, connection: Connection, tmp_path: Path, random: Random
) -> None:
    """After retention the events cannot come back: their minutes would count only the part that the file has."""
    past, path = history(random, orders=60), tmp_path / "history.jsonl"
    write_json_lines(path, past.events)
    short = kept.model_copy(update={"retention": kept.retention.model_copy(update={"events_days": 30})})
    advance_mark(connection, NOW - timedelta(days=30))
    assert import_file(spark, short, path, options=Options(let_expire=True)).new == len(past.events)
    check(connection, past.events)
    middle = datetime.fromisoformat(past.events[len(past.events) // 2]["eventTime"])
    connection.execute("DELETE FROM events_clean WHERE event_time < %s", (middle,))
    gone = len(past.events) - count_events(connection)
    before = connection.execute(TABLES).fetchall()
    again = import_file(spark, short, path, options=Options(let_expire=True))
    assert (again.new, again.rejected["expired"]) == (0, gone + cut_minute(past.events, middle))
    assert again.duplicate == len(past.events) - again.rejected["expired"]
    assert connection.execute(TABLES).fetchall() == before


def cut_minute(events: Iterable[Event], moment: datetime) -> int:
    """Events that are left of the minute of which others are gone."""
    minute = moment.replace(second=0, microsecond=0)
    times = [datetime.fromisoformat(event["eventTime"]) for event in events]
    of_minute = [each for each in times if minute <= each < minute + timedelta(minutes=1)]
    left = [each for each in of_minute if each >= moment]
    return len(left) if len(left) < len(of_minute) else 0


def test_a_transaction_that_fails_leaves_nothing_half_done(
    spark: SparkSession, kept: Settings, connection: Connection, tmp_path: Path, random: Random
) -> None:
    past, path = history(random, orders=20), tmp_path / "history.jsonl"
    write_json_lines(path, past.events)
    connection.execute("ALTER TABLE kpi_1m ADD CONSTRAINT broken CHECK (false)")
    with pytest.raises(psycopg.errors.CheckViolation):
        import_file(spark, kept, path)
    check(connection, [])


def test_a_file_that_ends_in_the_middle_is_noticed(
    spark: SparkSession, kept: Settings, connection: Connection, tmp_path: Path, random: Random
) -> None:
    past, path = history(random, orders=500), tmp_path / "history.jsonl.gz"
    write_json_lines(path, past.events)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(HistoryError, match="not read to its end"):
        import_file(spark, kept, path)
    assert 0 < count_events(connection) < len(past.events)
    check(connection, past.events[: count_events(connection)])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_million_events_are_imported_in_minutes(
    jars: None,
    kept: Settings,
    connection: Connection,
    tmp_path: Path,
    random: Random,
    measured: Callable[[str], None],
) -> None:
    """The goal is five minutes on two processors that do nothing else; the figure is noted, not judged. A repetition
    changes nothing.
    """
    past, path = history(random, orders=304_000), tmp_path / "history.csv.gz"
    write_csv(path, past.lines)
    ready = kept.model_copy(update={"stream": kept.stream.model_copy(update={"jvm_options": ""})})
    began = monotonic()
    command = [sys.executable, "-m", "stack", "import", str(path)]

    def imported() -> str:
        done = subprocess.run(
            command, env=child_environment(ready), cwd=kept.root, check=True, text=True, capture_output=True
        )
        return done.stdout

    first = imported()
    elapsed_s = monotonic() - began
    measured(
        f"import of {len(past.lines):,} lines, {len(past.events):,} new events: {elapsed_s:.0f} s, "
        f"{len(past.lines) / elapsed_s:,.0f} lines/s"
    )
    assert f"{len(past.events):,}  are in events_clean" in first
    tables = connection.execute(TABLES).fetchall()
    again = imported()
    assert f"{len(past.lines) - len(past.broken):,}  are there already" in again
    assert connection.execute(TABLES).fetchall() == tables
    assert len(past.events) == count_events(connection) > 1_000_000
    assert len(rejected_lines(path)) == len(past.broken)
    check_totals(connection, past.events)
    assert differing_windows(connection, BEGIN - timedelta(days=30), NOW) == []
