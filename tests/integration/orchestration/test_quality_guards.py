"""Guards against producers' mistakes: each fires at its mistake, and all are quiet on what the generator sends."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from control.observation import observe
from core.settings import PostgresSettings, Settings
from database import reconcile
from generator.journeys import Journeys
from orchestration.defs.quality.catalogue import CHECKS, GUARDS, Facts
from orchestration.defs.quality.verdict import Verdict
from tests.platform_rows import PlatformRows

Connection = psycopg.Connection[Any]
Event = dict[str, Any]
RATE = 1.0
"""Events per second of the generator's day."""

INSERT = """
    INSERT INTO events_clean (id, event_time, event_type, order_id, user_id, amount, currency, status)
    VALUES (%(id)s, %(eventTime)s, %(eventType)s, %(orderId)s, %(userId)s, %(amount)s, %(currency)s, %(status)s)
    ON CONFLICT DO NOTHING
"""


@pytest.fixture
def rows(
    settings: Settings, database: PostgresSettings, connection: Connection, tmp_path: Path
) -> PlatformRows:
    """Two hours of the generator's events, with their KPIs."""
    rows = PlatformRows.over(settings, database, connection, tmp_path)
    start = rows.now.replace(second=0) - timedelta(hours=2)
    journeys = Journeys(Random(20260302), RATE)
    moments = [start + timedelta(seconds=second) for second in range(int((rows.now - start).total_seconds()))]
    write(rows, [journeys.next_event(moment) for moment in moments])
    reconcile.recompute(connection, start, start + timedelta(hours=2))
    rows.well()
    rows.batch("events_clean", 3, records_read=10_000, records_written=9_900, records_duplicate=100)
    return rows


def write(rows: PlatformRows, events: list[Event]) -> None:
    with rows.connection.cursor() as cursor:
        cursor.executemany(INSERT, events)


def recent(rows: PlatformRows, count: int, change: Callable[[Event], Event]) -> list[Event]:
    """So many events of now, each changed."""
    journeys = Journeys(Random(7), 50.0)
    return [change(journeys.next_event(rows.now - timedelta(seconds=5))) for _ in range(count)]


def verdicts(rows: PlatformRows) -> dict[str, Verdict]:
    facts = Facts(observe(rows.connection, rows.settings, clock=rows.clock), rows.settings, rows.connection)
    return {check.name: check.evaluate(facts) for check in GUARDS}


def failing(rows: PlatformRows) -> list[str]:
    found = verdicts(rows)
    assert all(verdict.is_incident for verdict in found.values() if not verdict.passed)
    return [name for name, verdict in found.items() if not verdict.passed]


def test_all_are_quiet_on_what_the_generator_sends(rows: PlatformRows) -> None:
    found = verdicts(rows)
    assert [name for name, verdict in found.items() if not verdict.passed] == []
    assert found["duplicate_content"].description == (
        "0 of 100 duplicates in 15 minutes differ from the stored event."
    )
    assert found["order_ids"].metadata["of"] == found_events(rows)
    assert found["double_payments"].metadata["of"] > 100  # type: ignore[operator]  # a count
    assert "or a 100th of it (0)" in found["unusual_amounts"].description


def found_events(rows: PlatformRows) -> int:
    since = rows.now - timedelta(minutes=15)
    ((events,),) = rows.connection.execute(
        "SELECT count(*) FROM events_clean WHERE event_time > %s", (since,)
    )
    return int(events)


def test_duplicates_that_differ_in_content_are_reported(rows: PlatformRows) -> None:
    rows.batch("events_clean", 4, records_duplicate=100, records_differing=30)
    found = verdicts(rows)["duplicate_content"]
    assert found.is_incident
    assert "30 of 200 duplicates" in found.description
    assert "a separate id for each event" in found.description
    rows.connection.execute("UPDATE ops.stream_batch SET committed_at = now() - interval '1 hour'")
    assert failing(rows) == []


def test_ids_of_orders_as_ids_of_events_are_reported(rows: PlatformRows) -> None:
    write(rows, recent(rows, 100, lambda event: event | {"id": event["orderId"]}))
    assert failing(rows) == ["order_ids"]


def test_payments_that_repeat_another_are_reported(rows: PlatformRows) -> None:
    paid = recent(rows, 100, lambda event: event | {"eventType": "payment_success"})
    write(rows, [event | {"orderId": f"ORD{index}"} for index, event in enumerate(paid)])
    assert failing(rows) == []
    write(
        rows,
        [
            event | {"id": str(uuid.uuid4()), "orderId": f"ORD{index}"}
            for index, event in enumerate(paid[:20])
        ],
    )
    found = verdicts(rows)["double_payments"]
    assert found.is_incident
    assert "20 of" in found.description
    statement = found.description.partition("List them: ")[2].removesuffix(".")
    assert len(rows.connection.execute(statement.encode()).fetchall()) == 20, "as its words say"


@pytest.mark.parametrize("currency", ["USD", "VND"])
@pytest.mark.parametrize("factor", [100, 0.01])
def test_cents_for_whole_units_and_the_reverse_are_reported(
    rows: PlatformRows, currency: str, factor: float
) -> None:
    """A third of the currency's events, from one of several producers."""

    def wrong(event: Event) -> Event:
        return (
            event | {"amount": round(event["amount"] * factor, 2)} if event["currency"] == currency else event
        )

    write(rows, recent(rows, 450, wrong))
    assert failing(rows) == ["unusual_amounts"]
    assert (
        f"amounts in {currency} in 15 minutes are 100 times" in verdicts(rows)["unusual_amounts"].description
    )


def test_where_nothing_is_known_to_be_usual_nothing_is_evaluated(rows: PlatformRows) -> None:
    rows.connection.execute("DELETE FROM kpi_1m_by_currency")
    write(rows, recent(rows, 450, lambda event: event | {"amount": event["amount"] * 100}))
    assert failing(rows) == []


def test_a_field_with_more_values_than_a_list_has_is_named(rows: PlatformRows) -> None:
    check = next(check for check in CHECKS if check.name == "field_values")
    limits = rows.settings.checks.model_copy(update={"field_values": 5})
    settings = rows.settings.model_copy(update={"checks": limits})
    rows.connection.execute("DELETE FROM kpi_1m_detail")

    def verdict() -> Verdict:
        return check.evaluate(
            Facts(observe(rows.connection, settings, clock=rows.clock), settings, rows.connection)
        )

    add = "INSERT INTO kpi_1m_detail (window_start, currency, channel, country) VALUES (%s, 'USD', %s, 'VN')"
    for number, channel in enumerate(["", "web", "app", "store", "kiosk", "fair"]):
        rows.connection.execute(add, (rows.now - timedelta(minutes=number), channel))
    found = verdict()
    assert found.passed
    assert found.metadata["country"] == 1
    assert found.description == "channel has 5 values in 24 hours, the most of the optional fields."
    rows.connection.execute(add, (rows.now, "session-4711"))
    found = verdict()
    assert not found.passed
    assert not found.is_incident
    assert found.description.startswith(
        "channel has 6 values in 24 hours; 5 are allowed. The newest: session-4711, web, app."
    )
    rows.connection.execute("UPDATE kpi_1m_detail SET window_start = window_start - interval '1 day'")
    assert verdict().passed, "of the last 24 hours"
