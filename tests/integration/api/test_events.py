"""Events, orders and the CSV file: every row once, in order, at any depth, by indexes that are there."""

import codecs
import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest

from api.app import API_PREFIX, create_app
from api.export.cells import money
from api.queries import search
from api.queries.events import EVENTS, JOURNEY_LIMIT
from api.queries.search import Filters
from core import postgres
from core.events import EventStatus, EventType
from core.settings import PostgresSettings, Settings
from tests.api_client import serving
from tests.api_rows import Row, random_rows, write

COUNT = 3_000
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Shop:
    """An API over a filled database, what it is filled with, and that database."""

    client: httpx.Client
    rows: list[Row]
    connection: psycopg.Connection[Any]

    def page(self, **asked: Any) -> dict[str, Any]:
        answer = self.client.get("/events", params={name: value for name, value in asked.items() if value})
        page: dict[str, Any] = answer.raise_for_status().json()
        return page

    def all_pages(self, **asked: Any) -> list[str]:
        """Ids of all events that are found, page by page."""
        found, cursor = [], None
        while True:
            page = self.page(cursor=cursor, **asked)
            found += [event["id"] for event in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found


@pytest.fixture(scope="module")
def shop(settings: Settings, module_database: PostgresSettings) -> Iterator[Shop]:
    rows = random_rows(COUNT, NOW - timedelta(hours=3), NOW)
    rows += [
        Row("../odd/id?#%", NOW - timedelta(minutes=5), order_id="=1+1", user_id="@SUM(A1)"),
        Row("two\nlines", NOW - timedelta(minutes=6), order_id='or"der', user_id="Nguyễn"),
        Row("ü" * 50, NOW - timedelta(minutes=7), order_id="ORD/1", user_id="usr,1"),
        Row(
            "-5",
            NOW - timedelta(minutes=9),
            order_id="\uff17" * 9,
            amount=Decimal("9999999999999.99"),
            currency="VND",
        ),
        Row(
            "7234567890123456789",
            NOW - timedelta(minutes=9, seconds=1),
            order_id="\u00a0=1",
            user_id="\uff1d1",
        ),
        Row("💥" * 50, NOW - timedelta(minutes=8), order_id=" blank ends ", user_id="nbsp\u00a0"),
    ]
    app = create_app(settings.model_copy(update={"postgres": module_database}))
    with (
        postgres.connect(module_database, autocommit=True) as connection,
        serving(app, base_path=API_PREFIX) as client,
    ):
        write(connection, sorted(rows, key=lambda row: row.event_time))  # as a stream writes them
        connection.execute("VACUUM ANALYZE events_clean")
        yield Shop(client, rows, connection)


def ids(rows: list[Row], passes: Callable[[Row], bool] = lambda _: True) -> list[str]:
    """Ids of the rows that pass, in the order of the list."""
    chosen = [row for row in rows if passes(row)]
    return [row.id for row in sorted(chosen, key=lambda row: (row.event_time, row.id), reverse=True)]


@pytest.mark.parametrize("limit", [499, 500, 7])
def test_the_pages_hold_every_event_once_the_newest_first(shop: Shop, limit: int) -> None:
    """Among them 300 of the very same time, which pages of 7 cut through often."""
    shared = max((row.event_time for row in shop.rows), key=[row.event_time for row in shop.rows].count)
    narrow = (
        {} if limit > 7 else {"from": shared.isoformat(), "to": (shared + timedelta(minutes=3)).isoformat()}
    )
    found = shop.all_pages(limit=limit, **narrow)
    wanted = ids(
        shop.rows, lambda row: not narrow or shared <= row.event_time < shared + timedelta(minutes=3)
    )
    assert found == wanted
    assert len(found) >= COUNT // 10


def test_an_event_is_shown_as_it_was_written(shop: Shop) -> None:
    event = shop.page(limit=1)["items"][0]
    row = next(row for row in shop.rows if row.id == event["id"])
    assert datetime.fromisoformat(event["event_time"]) == row.event_time
    assert Decimal(event["amount"]) == row.amount
    assert event["amount"] == f"{row.amount:.2f}"
    shown = {name: event[name] for name in ("event_type", "order_id", "user_id", "currency", "status")}
    assert shown == {name: getattr(row, name) for name in shown}


def test_rows_that_arrive_meanwhile_move_nothing(shop: Shop) -> None:
    first = shop.page(limit=5)
    newer = Row("newer", NOW + timedelta(seconds=1))
    write(shop.connection, [newer])
    try:
        second = shop.page(limit=5, cursor=first["next_cursor"])
        shown = [event["id"] for event in first["items"] + second["items"]]
        assert shown == ids(shop.rows)[:10]
        assert shop.page(limit=1)["items"][0]["id"] == "newer"
    finally:
        shop.connection.execute("DELETE FROM events_clean WHERE id = 'newer'")


FILTERS: dict[str, tuple[dict[str, Any], Callable[[Row], bool]]] = {
    "type": ({"event_type": "order_created"}, lambda row: row.event_type == EventType.ORDER_CREATED),
    "two types": (
        {"event_type": ["order_created", "payment_failed"]},
        lambda row: row.event_type in {EventType.ORDER_CREATED, EventType.PAYMENT_FAILED},
    ),
    "all at once": (
        {"event_type": "payment_failed", "status": ["failed", "pending"], "currency": "VND"},
        lambda row: (
            row.event_type == EventType.PAYMENT_FAILED
            and row.status != EventStatus.SUCCESS
            and row.currency == "VND"
        ),
    ),
    "order": ({"order_id": "ORD17"}, lambda row: row.order_id == "ORD17"),
    "odd order": ({"order_id": "=1+1"}, lambda row: row.order_id == "=1+1"),
    "user": ({"user_id": "USR17"}, lambda row: row.user_id == "USR17"),
    "beginning of an order": ({"q": "ORD29"}, lambda row: row.order_id.startswith("ORD29") and row.order_id != "ORD29"),
    "small letters": ({"q": " usr12 "}, lambda row: row.user_id.startswith("USR12")),
    "blanks at the ends": ({"order_id": " blank ends "}, lambda row: row.order_id == " blank ends "),
    "no blanks": ({"order_id": "blank ends"}, lambda _: False),
    "beginning with a blank": ({"q": " blank"}, lambda row: row.order_id == " blank ends "),
    "a blank of another kind": ({"user_id": "nbsp\u00a0"}, lambda row: row.user_id == "nbsp\u00a0"),
    "whole, with its blanks": ({"q": " blank ends "}, lambda row: row.order_id == " blank ends "),
    "50 emoji": ({"q": "💥" * 50}, lambda row: row.id == "💥" * 50),
    "no wildcard": ({"q": "ORD_"}, lambda _: False),
    "nothing": ({"q": "nothing begins like this"}, lambda _: False),
    "time": (
        {"from": (NOW - timedelta(minutes=60)).isoformat(), "to": (NOW - timedelta(minutes=30)).isoformat()},
        lambda row: NOW - timedelta(minutes=60) <= row.event_time < NOW - timedelta(minutes=30),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_lets_through_what_passes(shop: Shop, name: str) -> None:
    asked, passes = FILTERS[name]
    wanted = ids(shop.rows, passes)
    if name == "beginning of an order" and any(row.order_id == "ORD29" for row in shop.rows):
        wanted = ids(shop.rows, lambda row: row.order_id == "ORD29")
    assert shop.all_pages(limit=50, **asked) == wanted
    assert wanted or name in {"no wildcard", "nothing", "no blanks"}


@pytest.mark.parametrize("case", [str.upper, str.lower, str])
def test_a_whole_id_or_order_is_found_alone(shop: Shop, case: Callable[[str], str]) -> None:
    row = shop.rows[7]
    assert shop.all_pages(q=case(row.id)) == [row.id]
    assert shop.all_pages(q=case(row.order_id)) == ids(shop.rows, lambda each: each.order_id == row.order_id)
    assert shop.all_pages(q=case(row.id[:12])) == [row.id]


@pytest.mark.parametrize("look_at", [50, 400])
def test_a_search_that_finds_little_continues_from_where_it_stopped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, look_at: int
) -> None:
    """Also where it stops among the 300 of one time."""
    monkeypatch.setattr(search, "BUDGET_S", 0.0)
    monkeypatch.setattr(search, "FIRST_LOOK", look_at)
    rare = shop.rows[3].user_id
    pages: list[list[str]] = []
    cursor = None
    while not pages or cursor is not None:
        page = shop.page(limit=100, user_id=rare, cursor=cursor)
        cursor = page["next_cursor"]
        pages.append([event["id"] for event in page["items"]])
    assert COUNT // look_at // 2 < len(pages) <= COUNT // look_at + 1
    assert [event for page in pages for event in page] == ids(shop.rows, lambda row: row.user_id == rare)


def plan(shop: Shop, filters: Filters, place: int) -> dict[str, Any]:
    """How PostgreSQL executes the page that begins at the event with this place in the list."""
    wanted = ids(shop.rows)[place]
    row = next(row for row in shop.rows if row.id == wanted)
    oldest = min(row.event_time for row in shop.rows)
    values = filters.values | {"most": 101, "until": oldest, "after_0": row.event_time, "after_1": row.id}
    page = EVENTS.page(filters, (row.event_time, row.id), until=filters.may_be_rare)
    found = shop.connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {page}".encode(), values).fetchone()
    assert found is not None
    shown: dict[str, Any] = found[0][0]["Plan"]
    return shown


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("place", [10, COUNT // 3, COUNT * 2 // 3])
@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(
            unindexed=["event_type = ANY(%(types)s)"], values={"types": ["payment_failed", "payment_success"]}
        ),
        Filters(times=["event_time >= %(from)s"], values={"from": NOW - timedelta(days=1)}),
    ],
    ids=["none", "unindexed", "times"],
)
def test_a_page_reads_the_index_of_the_time_from_its_cursor_on(
    shop: Shop, filters: Filters, place: int
) -> None:
    """Neither a sort of what lies behind nor a walk over what lies before: so depth costs nothing."""
    found = list(nodes(plan(shop, filters, place)))
    assert "Sort" not in {node["Node Type"] for node in found}
    (scan,) = (node for node in found if "Scan" in node["Node Type"])
    assert (scan["Node Type"], scan["Index Name"]) == ("Index Scan", "events_clean_event_time")
    assert "event_time <=" in scan["Index Cond"]
    # The rows of a page, the 300 of one time, and what a sort by the second column takes ahead.
    seen = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
    assert seen <= (101 + COUNT // 10 + 64) * (10 if filters.unindexed else 1)


def test_an_order_is_found_by_its_index(shop: Shop) -> None:
    filters = Filters(exact=["order_id = %(order_id)s"], values={"order_id": "ORD17"})
    names = {node.get("Index Name") for node in nodes(plan(shop, filters, 10))}
    assert "events_clean_order_id" in names


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ("limit=0", {"limit"}),
        ("limit=501&status=done", {"limit", "status"}),
        ("event_type=order_created&event_type=x", {"event_type"}),
        ("order_id=", {"order_id"}),
        ("q=%20", {"q"}),
        ("q=%C2%A0%09", {"q"}),
        ("q=" + "x" * 51, {"q"}),
        ("user_id=a%00b", {"user_id"}),
        ("order_id=" + "x" * 51, {"order_id"}),
        ("cursor=AAAA", {"cursor"}),
        ("cursor=a%20b", {"cursor"}),
        ("from=2026-03-01T10:00:00Z&to=2026-03-01T09:00:00Z", {"to"}),
        ("page=2", {"page"}),
    ],
)
def test_a_wrong_question_is_refused_with_a_reason(shop: Shop, asked: str, wrong: set[str]) -> None:
    answer = shop.client.get(f"/events?{asked}")
    assert answer.status_code == 422
    assert {error["parameter"] for error in answer.json()["errors"]} == wrong


def test_a_cursor_of_other_filters_is_refused(shop: Shop) -> None:
    cursor = shop.page(limit=5, currency="USD")["next_cursor"]
    answer = shop.client.get("/events", params={"cursor": cursor, "currency": "VND"})
    assert answer.status_code == 422
    assert "other filters" in answer.json()["detail"]
    assert shop.page(limit=7, currency="USD", cursor=cursor)["items"]


def test_the_file_holds_what_the_pages_hold(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("api.export.rows", "api.routes.events"):
        monkeypatch.setattr(f"{name}.ROWS_AT_ONCE", 700)
    answer = shop.client.get("/events.csv?tz=Asia/Ho_Chi_Minh")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="events_until-\d{4}-\d\d-\d\dT\d{4}_Asia-Ho-Chi-Minh\.csv"',
        answer.headers["Content-Disposition"],
    )
    assert answer.content.startswith(codecs.BOM_UTF8), "Excel takes it for another encoding otherwise"
    names, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert [name for name in names if not name.endswith("_offset")] == list(EVENTS.columns)
    found = [dict(zip(names, line, strict=True)) for line in lines]
    assert [each["id"].removeprefix("'") for each in found] == ids(shop.rows)
    rows = {row.id: row for row in shop.rows}
    for each in found:
        row = rows[each["id"].removeprefix("'")]
        assert each["amount"] == money(row.amount, row.currency)
        assert Decimal(each["amount"]) == row.amount
        told = datetime.fromisoformat(each["event_time"] + each["event_time_offset"].removeprefix("UTC"))
        assert told == row.event_time.replace(microsecond=0)
        assert each["event_time_offset"] == "UTC+07:00"
        assert each["order_id"].removeprefix("'") == row.order_id
        assert not each["order_id"].startswith("=")
        assert not each["user_id"].startswith("@")


def test_the_spreadsheet_holds_what_the_pages_hold(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("api.export.rows", "api.routes.events"):
        monkeypatch.setattr(f"{name}.ROWS_AT_ONCE", 700)
    answer = shop.client.get("/events.xlsx?tz=Asia/Ho_Chi_Minh").raise_for_status()
    assert (answer.headers["X-Rows"], len(answer.content)) == (
        str(len(shop.rows)),
        int(answer.headers["Content-Length"]),
    )
    assert answer.headers["Content-Disposition"].endswith('_Asia-Ho-Chi-Minh.xlsx"')
    cells = {cell.get("r", ""): cell for cell in sheet_of(answer.content).iter(f"{SHEET}c")}
    columns = {name: chr(ord("A") + place) for place, name in enumerate(EVENTS.columns)}
    rows = {row.id: row for row in shop.rows}
    for place, wanted in enumerate(ids(shop.rows), start=2):
        row = rows[wanted]
        for name in ("id", "order_id", "user_id", "currency"):
            cell = cells[f"{columns[name]}{place}"]
            assert (cell.get("t"), "".join(cell.itertext())) == ("inlineStr", getattr(row, name))
        assert Decimal(cells[f"{columns['amount']}{place}"].findtext(f"{SHEET}v") or "") == row.amount
        days = Decimal(cells[f"{columns['event_time']}{place}"].findtext(f"{SHEET}v") or "")
        shown = datetime(1899, 12, 30) + timedelta(days=float(days))  # noqa: DTZ001  # a clock without a zone
        assert abs(shown - row.event_time.astimezone(VIETNAM).replace(tzinfo=None)) < timedelta(
            milliseconds=2
        )
    assert not [cell for cell in cells.values() if cell.find(f"{SHEET}f") is not None], "no formulas"


def test_a_spreadsheet_that_would_be_too_long_is_refused_with_a_reason(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.export.xlsx_file.MAX_ROWS", len(shop.rows) - 1)
    before = set(Path(tempfile.gettempdir()).glob("orderpulse-*"))
    answer = shop.client.get("/events.xlsx")
    assert answer.status_code == 422
    assert "download the CSV file" in answer.json()["detail"]
    monkeypatch.setattr("api.export.xlsx_file.MAX_ROWS", len(shop.rows))
    assert shop.client.get("/events.xlsx").status_code == 200
    assert set(Path(tempfile.gettempdir()).glob("orderpulse-*")) <= before, "nothing is left behind"


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def sheet_of(content: bytes) -> ET.Element:
    """The one sheet of an XLSX file."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return ET.fromstring(book.read("xl/worksheets/sheet1.xml"))


def test_the_file_takes_the_filters(shop: Shop) -> None:
    answer = shop.client.get("/events.csv?event_type=order_created&currency=USD")
    lines = list(csv.reader(io.StringIO(answer.text, newline="")))[1:]
    assert [line[0] for line in lines] == ids(
        shop.rows, lambda row: row.event_type == EventType.ORDER_CREATED and row.currency == "USD"
    )
    assert len(shop.client.get("/events.csv?q=nothing").text.splitlines()) == 1
    assert answer.headers["Content-Disposition"].endswith('_UTC_order-created_USD.csv"')
    assert shop.client.get("/events.csv?limit=5").status_code == 422
    assert shop.client.get("/events.csv?tz=Mars/Olympus").status_code == 422
    assert shop.client.get("/events.xlsx?q=nothing").headers["X-Rows"] == "0"


@pytest.mark.parametrize("place", [-1, -2, -4, 5])
def test_an_event_leads_to_its_order(shop: Shop, place: int) -> None:
    row = shop.rows[place]
    journey = shop.client.get(f"/events/{quoted(row.id)}").raise_for_status().json()
    assert journey == shop.client.get(f"/orders/{quoted(row.order_id)}").json() | {
        name: journey[name] for name in ("as_of", "event_time_lag_s")
    }
    mine = ids(shop.rows, lambda each: each.order_id == row.order_id)
    assert sorted(event["id"] for event in journey["events"]) == sorted(mine)


def quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def test_a_journey_is_listed_from_its_beginning(shop: Shop) -> None:
    """Steps at the same time are told in the order in which an order takes them."""
    steps = [EventType.ORDER_CREATED, EventType.PAYMENT_INITIATED, EventType.PAYMENT_SUCCESS]
    moment = NOW - timedelta(hours=4)
    rows = [
        Row(f"{5 - place}-of-a-journey", moment, step, order_id="ORD-journey")
        for place, step in enumerate(steps)
    ]
    write(shop.connection, rows)
    try:
        journey = shop.client.get("/orders/ORD-journey").json()
        assert [event["event_type"] for event in journey["events"]] == [step.value for step in steps]
        assert (journey["outcome"], journey["truncated"]) == ("paid", False)
    finally:
        shop.connection.execute("DELETE FROM events_clean WHERE order_id = 'ORD-journey'")


def test_an_order_with_too_many_events_shows_the_newest(shop: Shop) -> None:
    many = [
        replace(
            Row("", NOW - timedelta(hours=5) + timedelta(seconds=place)),
            id=f"many-{place}",
            order_id="ORD-many",
        )
        for place in range(JOURNEY_LIMIT + 1)
    ]
    write(shop.connection, many)
    try:
        journey = shop.client.get("/orders/ORD-many").json()
        assert journey["truncated"]
        assert [event["id"] for event in journey["events"]] == [row.id for row in many[1:]]
    finally:
        shop.connection.execute("DELETE FROM events_clean WHERE order_id = 'ORD-many'")


@pytest.mark.parametrize("path", ["/events/nothing", "/orders/nothing", "/events/a%2Fb", "/nothing"])
def test_what_is_not_there_is_a_problem(shop: Shop, path: str) -> None:
    answer = shop.client.get(path)
    assert answer.status_code == answer.json()["status"] == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/events/" + "x" * 51, "/events/a%00b", "/orders/a%00b"])
def test_what_is_no_id_is_refused(shop: Shop, path: str) -> None:
    assert shop.client.get(path).status_code == 422


def test_without_the_database_the_answer_tells_when_to_try_again(settings: Settings) -> None:
    api = settings.api.model_copy(update={"pool_wait_s": 0.2})
    gone = settings.postgres.model_copy(update={"port": 1})
    with serving(
        create_app(settings.model_copy(update={"postgres": gone, "api": api})), base_path=API_PREFIX
    ) as client:
        for path in ("/events", "/events.csv", "/events.xlsx", "/kpi", "/rejected", "/orders/a"):
            answer = client.get(path)
            assert answer.status_code == 503, path
            assert int(answer.headers["Retry-After"]) > 0
            assert "try again" in json.loads(answer.text)["detail"]
