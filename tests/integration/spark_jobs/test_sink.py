"""What the sink does with a collected batch, against a real database and without Spark."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
import pytest

from core import postgres
from core.errors import CheckpointError, DatabaseError
from core.kpis import COUNTS, MONEY
from core.settings import PostgresSettings, Settings
from database import reconcile
from database.retention import advance_mark
from spark_jobs import heal
from spark_jobs.execution import BatchExecution
from spark_jobs.sink import events, kpis
from spark_jobs.sink.writer import BatchResult, BatchSink, _already_committed, _insert_ledger_row
from spark_jobs.upkeep import Upkeep, reconcile_settled

QUERY = "00000000-0000-0000-0000-000000000001"
NINE = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
EXECUTION = BatchExecution({0: 0}, {0: 10}, read=10, accepted=None, duplicate=1, dropped_by_watermark=0)
Connection = psycopg.Connection[tuple[object, ...]]

OPTIONAL = ("payment_method", "channel", "country", "failure_reason")
EVENTS = pa.schema(
    [
        *[(name, pa.string()) for name in ("id", "event_type", "order_id", "user_id", "currency", "status")],
        *[(name, pa.string()) for name in OPTIONAL],
        *[(name, pa.timestamp("us", "UTC")) for name in ("event_time", "kafka_time")],
        ("amount", pa.decimal128(15, 2)),
        *[(name, pa.string()) for name in ("topic", "reason", "detail")],
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("headers", pa.list_(pa.struct({"key": pa.string(), "value": pa.binary()}))),
        ("payload", pa.binary()),
        ("payload_bytes", pa.int32()),
        ("payload_sha256", pa.string()),
    ]
)
KPIS = pa.schema(
    [
        *[(name, pa.timestamp("us", "UTC")) for name in ("window_start", "max_event_time")],
        *[(name, pa.string()) for name in ("currency", *OPTIONAL)],
        *[(name, pa.decimal128(25, 2)) for name in MONEY],
        *[(name, pa.int32()) for name in COUNTS],
    ]
)


@pytest.fixture
def cursor(database: PostgresSettings) -> Iterator[Any]:
    """A cursor like the sink's, with its temporary tables; the test commits."""
    with closing(adbc.connect(postgres.uri(database))) as opened, opened.cursor() as cursor:
        for statement in ("SET TIME ZONE 'UTC'", *events.PREPARE, *kpis.PREPARE):
            cursor.execute(statement)
        opened.commit()
        yield cursor


def event(event_id: str, event_type: str = "payment_success", amount: str = "10.00") -> dict[str, Any]:
    return {
        "id": event_id,
        "event_time": NINE,
        "event_type": event_type,
        "order_id": "ORD1",
        "user_id": "USR1",
        "amount": Decimal(amount),
        "currency": "USD",
        "status": "success",
        **dict.fromkeys(OPTIONAL, ""),
    }


def rejected(offset: int, payload: bytes | None) -> dict[str, Any]:
    place = {"topic": "t", "partition": 0, "offset": offset, "kafka_time": NINE}
    return {**place, "reason": "not_json", "detail": None, "payload": payload}


def write_events(
    cursor: Any, rows: list[dict[str, Any]], shared_until: datetime | None = None
) -> BatchResult:
    table = pa.Table.from_pylist(rows, EVENTS)
    result = events.write_events(cursor, table, EXECUTION, shared_until=shared_until)
    cursor.connection.commit()
    return result


def commit(
    cursor: Any, batch_id: int, query: str, newest: datetime, execution: BatchExecution = EXECUTION
) -> None:
    """A row of the ledger whose newest event is of `newest`."""
    result = BatchResult(written=1, duplicate=0, rejected=0, max_event_time=newest, announce={})
    _insert_ledger_row(cursor, (QUERY, batch_id, query, None), execution, result, {})
    cursor.connection.commit()


def write_kpi(
    cursor: Any, *, orders: int, paid: int, failed: int, currency: str = "USD", method: str = ""
) -> None:
    row = {
        "window_start": NINE,
        "max_event_time": NINE,
        "currency": currency,
        **dict.fromkeys(OPTIONAL, ""),
        "payment_method": method,
        **dict.fromkeys(MONEY, Decimal(0)),
        "revenue": Decimal(10 * paid),
        "order_value": Decimal(10 * orders),
        **dict.fromkeys(COUNTS, 0),
        "orders_created": orders,
        "payment_success": paid,
        "payment_failed": failed,
    }
    kpis.write_kpis(cursor, pa.Table.from_pylist([row], KPIS), EXECUTION)
    cursor.connection.commit()


def kpi_1m(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT revenue, orders_created, payment_success, payment_failed, success_rate FROM kpi_1m"
    ).fetchall()


def test_a_row_that_is_there_counts_as_a_duplicate(cursor: Any, connection: Connection) -> None:
    first = write_events(cursor, [event("a"), event("b"), rejected(3, b"x"), rejected(4, None)])
    assert (first.written, first.duplicate, first.rejected) == (2, 1, 2)
    assert first.max_event_time == NINE
    again = write_events(cursor, [event("a", amount="99.00"), event("c"), rejected(3, b"y")])
    assert (again.written, again.duplicate, again.rejected) == (1, 1 + 2, 0)
    assert (first.differing, again.differing) == (0, 1), "the other amount, not the repeated place in Kafka"
    kept = connection.execute("SELECT id, amount FROM events_clean ORDER BY id").fetchall()
    assert kept == [("a", Decimal("10.00")), ("b", Decimal("10.00")), ("c", Decimal("10.00"))]
    payloads = connection.execute("SELECT payload FROM ops.events_rejected ORDER BY 1").fetchall()
    assert payloads == [(b"x",), (None,)]


def test_duplicates_of_other_content_are_counted_within_a_batch_too(cursor: Any) -> None:
    same, other, earlier = event("a"), event("a", "order_created"), event("b")
    result = write_events(cursor, [same, other, earlier])
    assert (result.written, result.duplicate, result.differing) == (2, 1 + 1, 1)
    assert write_events(cursor, [same, earlier]).differing == 0
    assert write_events(cursor, [other, event("c")]).differing == 1


def test_a_record_of_a_topic_that_was_recreated_is_kept_next_to_the_former_one(
    cursor: Any, connection: Connection
) -> None:
    former, recreated = (
        rejected(3, b"former"),
        rejected(3, b"recreated") | {"kafka_time": NINE + timedelta(days=1)},
    )
    assert write_events(cursor, [former]).rejected == 1
    assert write_events(cursor, [recreated]).rejected == 1
    assert write_events(cursor, [recreated, former]).rejected == 0
    kept = connection.execute("SELECT topic, payload FROM ops.events_rejected ORDER BY topic").fetchall()
    assert kept == [("t", b"former"), ("t@2026-03-02T09:00:00.000Z", b"recreated")]


def test_a_batch_of_rejected_records_has_no_newest_event(cursor: Any) -> None:
    assert write_events(cursor, [rejected(1, b"")]).max_event_time is None


def test_kpi_1m_adds_up_the_currencies(cursor: Any, connection: Connection) -> None:
    write_kpi(cursor, orders=3, paid=2, failed=1)
    write_kpi(cursor, orders=1, paid=1, failed=0, currency="VND")
    assert kpi_1m(connection) == [(Decimal("30.00"), 4, 3, 1, Decimal("75.00"))]


def test_a_batch_with_one_row_of_a_window_keeps_the_others(cursor: Any, connection: Connection) -> None:
    """Spark gives only the rows that changed, or that a new checkpoint has read again."""
    write_kpi(cursor, orders=3, paid=2, failed=1, method="card")
    write_kpi(cursor, orders=1, paid=1, failed=0, method="momo")
    write_kpi(cursor, orders=4, paid=2, failed=1, method="card")
    write_kpi(cursor, orders=1, paid=1, failed=0, method="card")
    by_currency = connection.execute(
        "SELECT revenue, orders_created, payment_success, order_value FROM kpi_1m_by_currency"
    ).fetchall()
    assert by_currency == [(30, 5, 3, 50)]
    assert kpi_1m(connection) == [(Decimal("30.00"), 5, 3, 1, Decimal("75.00"))]


def test_an_event_without_optional_fields_differs_from_none_with_them(cursor: Any) -> None:
    write_events(cursor, [event("a")])
    again = write_events(cursor, [event("a") | {"payment_method": "card"}])
    assert (again.written, again.differing) == (0, 0)


def test_a_window_without_payments_has_no_success_rate(cursor: Any, connection: Connection) -> None:
    write_kpi(cursor, orders=1, paid=0, failed=0)
    assert kpi_1m(connection) == [(Decimal("0.00"), 1, 0, 0, None)]


def test_a_partial_window_does_not_replace_a_fuller_one(cursor: Any, connection: Connection) -> None:
    write_kpi(cursor, orders=3, paid=2, failed=1)
    write_kpi(cursor, orders=1, paid=1, failed=1)
    assert kpi_1m(connection) == [(Decimal("20.00"), 3, 2, 1, Decimal("66.67"))]
    write_kpi(cursor, orders=3, paid=3, failed=1)
    assert kpi_1m(connection) == [(Decimal("30.00"), 3, 3, 1, Decimal("75.00"))]


def test_the_ledger_knows_a_batch_by_its_offsets(cursor: Any) -> None:
    result = BatchResult(written=9, duplicate=1, rejected=0, max_event_time=None, announce={})
    assert not _already_committed(cursor, QUERY, 5, EXECUTION)
    _insert_ledger_row(cursor, (QUERY, 5, "events_clean", "topic-1"), EXECUTION, result, {"write": 1.0})
    assert _already_committed(cursor, QUERY, 5, EXECUTION)
    assert not _already_committed(cursor, QUERY, 6, EXECUTION)


def test_a_checkpoint_that_fell_behind_the_ledger_is_refused(cursor: Any) -> None:
    result = BatchResult(written=9, duplicate=1, rejected=0, max_event_time=None, announce={})
    _insert_ledger_row(cursor, (QUERY, 5, "events_clean", "topic-1"), EXECUTION, result, {})
    other = BatchExecution({0: 0}, {0: 12}, read=12, accepted=None, duplicate=0, dropped_by_watermark=0)
    with pytest.raises(CheckpointError, match="fallen behind the database"):
        _already_committed(cursor, QUERY, 5, other)


def test_a_database_that_lost_a_committed_batch_gets_no_further_one(
    database: PostgresSettings, connection: Connection
) -> None:
    """As after a failover to a copy that lagged behind: a further batch would bury the gap."""
    nothing = pa.Table.from_pylist([], EVENTS)
    no_spark: Any = None  # it collects; what is committed here is collected already
    sink = BatchSink(no_spark, "events_clean", database, events.PREPARE, events.write_events, retry_s=0)
    for batch_id in (0, 1):
        sink._commit_with_retry(QUERY, batch_id, nothing, EXECUTION, 0.0)
        sink._disconnect()
    connection.execute("DELETE FROM ops.stream_batch WHERE batch_id = 1")
    with pytest.raises(CheckpointError, match=r"no longer has batch 1 .* is an older copy"):
        sink._commit_with_retry(QUERY, 2, nothing, EXECUTION, 0.0)
    assert connection.execute("SELECT batch_id FROM ops.stream_batch").fetchall() == [(0,)]
    sink._disconnect()


def test_reconciliation_finds_and_heals_every_kind_of_difference(cursor: Any, connection: Connection) -> None:
    write_events(cursor, [event("a", "order_created"), event("b"), event("c", "payment_failed")])
    end = NINE + timedelta(minutes=1)

    def differs() -> bool:
        return reconcile.differing_windows(connection, NINE, end) == [NINE]

    assert differs(), "events without KPIs"
    assert reconcile.recompute(connection, NINE, end) == 1
    assert not differs()
    for corrupt in (
        "UPDATE kpi_1m SET revenue = revenue + 1",
        "UPDATE kpi_1m SET success_rate = NULL",
        "UPDATE kpi_1m_by_currency SET order_value = 0",
        "DELETE FROM kpi_1m",
        "DELETE FROM kpi_1m_by_currency",
        "UPDATE kpi_1m_by_currency SET currency = 'VND'",
        "UPDATE kpi_1m_detail SET payment_method = 'cash'",
        "UPDATE kpi_1m_detail SET revenue = revenue + 1",
        "DELETE FROM kpi_1m_detail",
        "INSERT INTO kpi_1m_detail (window_start, currency, channel) SELECT window_start, currency, 'app' FROM kpi_1m_detail",
        "TRUNCATE kpi_1m_detail, kpi_1m_by_currency",
    ):
        connection.execute(corrupt.encode())
        assert differs(), corrupt
        reconcile.recompute(connection, NINE, end)
        assert not differs(), corrupt
    assert kpi_1m(connection) == [(Decimal("10.00"), 1, 1, 1, Decimal("50.00"))]


def test_minutes_that_a_new_checkpoint_shares_with_an_earlier_one_are_counted_from_the_events(
    cursor: Any, connection: Connection
) -> None:
    minute = timedelta(minutes=1)
    first = [event("a"), event("b", "order_created"), event("c", "payment_failed")]
    write_events(cursor, [*first, event("later") | {"event_time": NINE + minute}], NINE + minute)
    assert kpi_1m(connection) == [(Decimal("10.00"), 1, 1, 1, Decimal("50.00"))]
    write_kpi(cursor, orders=0, paid=1, failed=0)
    write_events(cursor, [event("a"), event("d")], NINE + minute)
    assert kpi_1m(connection) == [(Decimal("20.00"), 1, 2, 1, Decimal("66.67"))]
    write_events(cursor, [event("e") | {"event_time": NINE + minute}], NINE + minute)
    assert reconcile.recompute_differing(connection, NINE, NINE + 2 * minute) == [NINE + minute]


def test_kpis_without_events_are_removed(cursor: Any, connection: Connection) -> None:
    write_kpi(cursor, orders=1, paid=0, failed=0)
    reconcile.recompute_windows(connection, [NINE])
    assert kpi_1m(connection) == []


def test_only_whole_minutes_are_recomputed(connection: Connection) -> None:
    with pytest.raises(ValueError, match="not a full minute"):
        reconcile.recompute(connection, NINE + timedelta(seconds=1), NINE + timedelta(minutes=1))


def test_nothing_is_settled_until_both_queries_have_gone_on(cursor: Any, connection: Connection) -> None:
    assert reconcile.settled_until(connection) is None
    commit(cursor, 0, "events_clean", NINE + timedelta(minutes=10, seconds=30))
    assert reconcile.settled_until(connection) is None
    commit(cursor, 1, "kpi_1m", NINE + timedelta(minutes=8, seconds=59))
    assert reconcile.settled_until(connection) == NINE + timedelta(minutes=2)


def test_the_running_job_repairs_settled_minutes_and_leaves_open_ones(
    cursor: Any, connection: Connection, settings: Settings, database: PostgresSettings
) -> None:
    mine = settings.model_copy(update={"postgres": database})
    open_minute = NINE + timedelta(minutes=9)
    write_events(cursor, [event("settled"), event("open") | {"event_time": open_minute}])
    assert reconcile_settled(mine, None) is None, "nothing is settled before both queries have gone on"
    for batch_id, name in enumerate(("events_clean", "kpi_1m")):
        commit(cursor, batch_id, name, open_minute)
    settled = NINE + timedelta(minutes=3)
    assert reconcile_settled(mine, None) == settled
    assert reconcile.differing_windows(connection, NINE, settled) == []
    assert reconcile.differing_windows(connection, settled, open_minute + timedelta(minutes=1)) == [
        open_minute
    ]
    assert reconcile_settled(mine, settled + timedelta(minutes=1)) == settled + timedelta(minutes=1)


def test_a_broker_that_is_away_holds_up_the_healing_alone(
    cursor: Any, connection: Connection, settings: Settings, database: PostgresSettings
) -> None:
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": "localhost:1"})
    mine = settings.model_copy(update={"postgres": database, "kafka": kafka})
    newest = NINE + timedelta(minutes=9)
    write_events(cursor, [event("settled"), event("newest") | {"event_time": newest}])
    dropping = replace(EXECUTION, dropped_by_watermark=3)
    for batch_id, name in enumerate(("events_clean", "kpi_1m")):
        commit(cursor, batch_id, name, newest, dropping)
    spark: Any = None  # is not asked: Kafka no longer says what it has
    Upkeep(spark, mine)._do(caught_up=True)
    assert reconcile.differing_windows(connection, NINE, NINE + timedelta(minutes=3)) == []
    waiting = connection.execute("SELECT count(*) FROM ops.stream_batch WHERE healed_at IS NULL").fetchone()
    assert waiting == (2,)


def test_a_database_that_refuses_the_repairs_ends_the_job_with_a_reason(
    cursor: Any, connection: Connection, settings: Settings, database: PostgresSettings
) -> None:
    for batch_id, name in enumerate(("events_clean", "kpi_1m")):
        commit(cursor, batch_id, name, NINE)
    connection.execute("ALTER TABLE kpi_1m RENAME TO kpi_1m_away")
    spark: Any = None  # is not asked: there is nothing to heal
    upkeep = Upkeep(spark, settings.model_copy(update={"postgres": database}))
    upkeep._do(caught_up=True)
    assert upkeep.failure == 'KPIs could not be compared with the events: relation "kpi_1m" does not exist.'


def test_rows_that_are_read_again_come_with_their_kpis_or_not_at_all(
    connection: Connection, settings: Settings, database: PostgresSettings
) -> None:
    mine = settings.model_copy(update={"postgres": database})
    again = pa.Table.from_pylist([event("a"), event("b", "order_created"), rejected(3, b"x")], EVENTS)
    counts = "SELECT (SELECT count(*) FROM events_clean), (SELECT count(*) FROM ops.events_rejected)"
    advance_mark(connection, NINE + timedelta(hours=1))
    write_kpi_row = "INSERT INTO kpi_1m (window_start, window_end) VALUES (%s, %s)"
    connection.execute(write_kpi_row, (NINE, NINE + timedelta(minutes=1)))
    with pytest.raises(DatabaseError, match="were deleted by age"):
        heal._write(mine, again, [NINE])
    assert connection.execute(counts).fetchone() == (0, 0)
    connection.execute("TRUNCATE ops.retention, kpi_1m")
    for _ in range(2):
        heal._write(mine, again, [NINE])
        assert connection.execute(counts).fetchone() == (2, 1)
        assert kpi_1m(connection) == [(Decimal("10.00"), 1, 1, 0, Decimal("100.00"))]


def test_minutes_whose_events_were_deleted_by_age_are_not_compared(
    cursor: Any, connection: Connection, settings: Settings, database: PostgresSettings
) -> None:
    mine = settings.model_copy(update={"postgres": database})
    newest = NINE + timedelta(minutes=9)
    write_events(cursor, [event("old"), event("newest") | {"event_time": newest}])
    reconcile.recompute(connection, NINE, newest + timedelta(minutes=1))
    for batch_id, name in enumerate(("events_clean", "kpi_1m")):
        commit(cursor, batch_id, name, newest)
    advance_mark(connection, NINE + timedelta(hours=1))
    connection.execute("DELETE FROM events_clean")
    assert reconcile_settled(mine, None) == NINE + timedelta(hours=1)
    assert len(kpi_1m(connection)) == 2, "the KPIs are all that is left"
