"""Rejected records of a real database: every one once, the newest first, with whatever they held."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from api.app import API_PREFIX, create_app
from api.queries.rejected import SHOWN_BYTES
from core import postgres
from core.events import RejectReason
from core.settings import PostgresSettings, Settings
from tests.api_client import serving

NOW = datetime.now(UTC)
INSERT = """
    INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason, detail, payload, rejected_at, source)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
SOURCES = ("shop", "stripe", None)
"""By the record's offset."""

PAYLOADS: list[tuple[bytes | None, str | None]] = [
    (None, None),
    (b"", ""),
    (b"a\0b", "a\N{SYMBOL FOR NULL}b"),
    (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
    ("Đơn hàng".encode(), "Đơn hàng"),
    (b"<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    (b"x" * (SHOWN_BYTES + 1), "x" * SHOWN_BYTES),
    (("x" * (SHOWN_BYTES - 1) + "ü").encode(), "x" * (SHOWN_BYTES - 1)),
]
Place = tuple[datetime, str, int, int]


@pytest.fixture(scope="module")
def client(settings: Settings, module_database: PostgresSettings) -> Iterator[httpx.Client]:
    with postgres.connect(module_database, autocommit=True) as connection:
        fill(connection)
        connection.execute("VACUUM ANALYZE ops.events_rejected")
    with serving(
        create_app(settings.model_copy(update={"postgres": module_database})), base_path=API_PREFIX
    ) as opened:
        yield opened


def places() -> list[tuple[Place, RejectReason]]:
    """240 records of three partitions, ten of a batch at the very same time."""
    reasons = list(RejectReason)
    return [
        (
            (NOW - timedelta(seconds=number // 10), "events_raw", number % 3, number),
            reasons[number % len(reasons)],
        )
        for number in range(240)
    ]


def fill(connection: psycopg.Connection[Any]) -> None:
    with connection.cursor() as cursor:
        for (moment, topic, partition, offset), reason in places():
            payload = PAYLOADS[offset % len(PAYLOADS)][0]
            source = SOURCES[offset % len(SOURCES)]
            cursor.execute(INSERT, (topic, partition, offset, moment, reason, "why", payload, moment, source))


def place_of(record: dict[str, Any]) -> Place:
    moment = datetime.fromisoformat(record["rejected_at"])
    return (moment, record["topic"], record["partition"], record["offset"])


def all_pages(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        page = client.get("/rejected", params=asked | ({"cursor": cursor} if cursor else {}))
        found += page.raise_for_status().json()["items"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [7, 500])
def test_the_pages_hold_every_record_once_the_newest_first(client: httpx.Client, limit: int) -> None:
    found = [place_of(record) for record in all_pages(client, limit=limit)]
    assert found == sorted((place for place, _ in places()), reverse=True)


def test_a_record_is_shown_with_what_it_held(client: httpx.Client) -> None:
    for record in all_pages(client, limit=100):
        payload, text = PAYLOADS[record["offset"] % len(PAYLOADS)]
        assert record["payload"] == text
        assert record["payload_bytes"] == len(payload or b"")
        assert record["payload_truncated"] == (record["payload_bytes"] > SHOWN_BYTES)
        assert record["detail"] == "why"
        assert record["replayed_at"] is None


def test_a_record_of_which_the_beginning_is_kept_reports_how_large_it_was(
    settings: Settings, database: PostgresSettings, connection: psycopg.Connection[Any]
) -> None:
    connection.execute(INSERT, ("events_raw", 0, 7, NOW, "too_large", "why", b"x" * 4096, NOW, None))
    connection.execute("UPDATE ops.events_rejected SET payload_bytes = 200000000, payload_sha256 = 'abc'")
    own = settings.model_copy(update={"postgres": database})
    with serving(create_app(own), base_path=API_PREFIX) as opened:
        (record,) = opened.get("/rejected").raise_for_status().json()["items"]
    assert record["payload"] == "x" * 4096
    assert (record["payload_bytes"], record["payload_truncated"], record["payload_sha256"]) == (
        200_000_000,
        True,
        "abc",
    )


def test_filters_let_through_what_passes(client: httpx.Client) -> None:
    reasons = [RejectReason.LATE, RejectReason.NOT_JSON]
    found = [
        place_of(record) for record in all_pages(client, limit=9, reason=[each.value for each in reasons])
    ]
    assert found == sorted((place for place, reason in places() if reason in reasons), reverse=True)
    found = [place_of(record) for record in all_pages(client, limit=9, source=["shop", "stripe"])]
    assert found == sorted((place for place, _ in places() if SOURCES[place[3] % 3]), reverse=True)
    found = [place_of(record) for record in all_pages(client, source="shop", reason=["late", "not_json"])]
    assert found == sorted(
        (place for place, reason in places() if reason in reasons and place[3] % 3 == 0), reverse=True
    )
    assert all_pages(client, source="nobody") == []
    limits = {"from": NOW - timedelta(seconds=9), "to": NOW - timedelta(seconds=3)}
    found = [
        place_of(each) for each in all_pages(client, **{name: at.isoformat() for name, at in limits.items()})
    ]
    assert found == sorted(
        (place for place, _ in places() if limits["from"] <= place[0] < limits["to"]), reverse=True
    )


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ("reason=bad&limit=0", {"reason", "limit"}),
        ("source=A%20b", {"source"}),
        ("cursor=AAAA", {"cursor"}),
        ("q=x", {"q"}),
    ],
)
def test_a_wrong_question_is_refused_with_a_reason(client: httpx.Client, asked: str, wrong: set[str]) -> None:
    answer = client.get(f"/rejected?{asked}")
    assert answer.status_code == 422
    assert {error["parameter"] for error in answer.json()["errors"]} == wrong


def test_a_cursor_of_the_events_is_refused(client: httpx.Client) -> None:
    cursor = client.get("/rejected?limit=1").json()["next_cursor"]
    assert client.get("/events", params={"cursor": cursor}).status_code == 422
