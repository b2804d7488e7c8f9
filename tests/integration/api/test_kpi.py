"""KPIs and series of a real, filled database, each number beside one that is recomputed in Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest

from api.app import API_PREFIX, create_app
from core import postgres
from core.currencies import DEFAULT_CURRENCIES
from core.settings import PostgresSettings, Settings
from tests.api_client import serving
from tests.api_rows import COUNTED, MINUTE, MONEY, Row, announce, random_rows, recomputed, write
from tests.truth import rates_of

EVENTS = 4_000
SPAN = timedelta(hours=50)


@dataclass(frozen=True)
class Shop:
    """An API over a filled database, and what it is filled with."""

    client: httpx.Client
    rows: list[Row]


def filled() -> list[Row]:
    """Two days of events until now, and many of the last minutes."""
    now = datetime.now(UTC)
    return random_rows(EVENTS, now - SPAN, now) + random_rows(EVENTS, now - 65 * MINUTE, now, seed=2)


@pytest.fixture(scope="module")
def shop(settings: Settings, module_database: PostgresSettings) -> Iterator[Shop]:
    rows = filled()
    with postgres.connect(module_database, autocommit=True) as connection:
        write(connection, rows)
    app = create_app(settings.model_copy(update={"postgres": module_database}))
    with serving(app, base_path=API_PREFIX) as client:
        yield Shop(client, rows)


@pytest.fixture
def client(settings: Settings, database: PostgresSettings) -> Iterator[httpx.Client]:
    """An API over a database that the test may change."""
    app = create_app(settings.model_copy(update={"postgres": database}))
    with serving(app, base_path=API_PREFIX) as opened:
        yield opened


@pytest.fixture
def rows(connection: psycopg.Connection[Any]) -> list[Row]:
    """A few events of the last hour in that database, the last of them now."""
    now = datetime.now(UTC)
    rows = [*random_rows(50, now - 65 * MINUTE, now), Row("newest", now)]
    write(connection, rows)
    return rows


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def check_kpis(shown: dict[str, Any], rows: list[Row], start: datetime, end: datetime) -> None:
    """`shown`, a `KpiComparison`, is that of the events in [start, end)."""
    wanted = recomputed(row for row in rows if start <= row.event_time < end)
    assert [each["currency"] for each in shown["currencies"]] == list(DEFAULT_CURRENCIES)
    for each in shown["currencies"]:
        mine = wanted[each["currency"]]
        check_numbers(each, mine | rates_of(mine))
    totals: dict[str, Any] = {
        name: sum(mine[name] for mine in wanted.values()) for name in (*COUNTED, *MONEY)
    }
    of_counts = {name: value for name, value in rates_of(totals).items() if name.endswith("rate")}
    check_numbers(shown["totals"], {name: totals[name] for name in COUNTED} | of_counts)


def check_numbers(shown: dict[str, Any], wanted: dict[str, Any]) -> None:
    """`shown`, of the API, is exactly `wanted`; money is a string there."""
    found = {
        name: value if value is None else Decimal(str(value))
        for name, value in shown.items()
        if name != "currency"
    }
    assert found == wanted


@pytest.mark.parametrize(
    "asked",
    [
        {"range": "15m"},
        {"range": "1h"},
        {"range": "24h"},
        {"range": "today", "tz": "Asia/Ho_Chi_Minh"},
        {"range": "today", "tz": "America/New_York"},
    ],
    ids=lambda asked: "-".join(asked.values()),
)
def test_each_number_is_that_of_the_events(shop: Shop, asked: dict[str, str]) -> None:
    report = shop.client.get("/kpi", params=asked).raise_for_status().json()
    for period in ("current", "previous"):
        shown = report[period]["range"]
        assert shown["name"] == asked["range"]
        check_kpis(report[period], shop.rows, instant(shown["start"]), instant(shown["end"]))
    assert sum(report["current"]["totals"][name] for name in COUNTED) > 0 or asked["range"] == "today"


BY = ("payment_method", "channel", "country", "failure_reason")


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("name", ["1h", "24h"])
def test_each_number_of_a_breakdown_is_that_of_its_events(shop: Shop, by: str, name: str) -> None:
    report = shop.client.get("/kpi/breakdown", params={"range": name, "by": by}).raise_for_status().json()
    assert [each["currency"] for each in report["currencies"]] == list(DEFAULT_CURRENCIES)
    for period in ("current", "previous"):
        limits = report["range" if period == "current" else "previous_range"]
        start, end = instant(limits["start"]), instant(limits["end"])
        inside = [row for row in shop.rows if start <= row.event_time < end]
        for each in report["currencies"]:
            for found in each["values"]:
                mine = recomputed(row for row in inside if getattr(row, by) == found["value"])[
                    each["currency"]
                ]
                check_numbers(found[period], mine | rates_of(mine))
            shown = {found["value"] for found in each["values"]}
            assert {getattr(row, by) for row in inside if row.currency == each["currency"]} <= shown
    for each in report["currencies"]:
        check_shares(each["values"], report["share_of"])


def check_shares(values: list[dict[str, Any]], measure: str) -> None:
    sizes = [Decimal(value["current"][measure]) for value in values]
    assert sizes == sorted(sizes, reverse=True)
    for value, size in zip(values, sizes, strict=True):
        assert value["share"] == pytest.approx(float(100 * size / sum(sizes)), abs=0.006)


def test_shares_of_failure_reasons_are_of_the_failed_payments(shop: Shop) -> None:
    measures = {by: shop.client.get("/kpi/breakdown", params={"by": by}).json()["share_of"] for by in BY}
    assert measures == dict.fromkeys(BY, "revenue") | {"failure_reason": "payment_failed"}


def test_values_beyond_the_list_are_summed_up(
    client: httpx.Client, connection: psycopg.Connection[Any]
) -> None:
    now = datetime.now(UTC)
    rows = [Row(f"e{index}", now, amount=Decimal(index), channel=f"c{index}") for index in range(1, 61)]
    write(connection, rows)
    report = client.get("/kpi/breakdown", params={"by": "channel"}).json()
    values = next(each["values"] for each in report["currencies"] if each["currency"] == "USD")
    assert [value["value"] for value in values] == [*(f"c{index}" for index in range(60, 10, -1)), None]
    assert (values[-1]["current"]["revenue"], values[-1]["current"]["payment_success"]) == ("55.00", 10)
    assert values[-1]["share"] == pytest.approx(100 * 55 / 1830, abs=0.006)


@pytest.mark.parametrize(("asked", "wrong"), [("range=1h", {"by"}), ("by=order_id", {"by"})])
def test_a_breakdown_by_no_field_is_refused(shop: Shop, asked: str, wrong: set[str]) -> None:
    answer = shop.client.get(f"/kpi/breakdown?{asked}")
    assert answer.status_code == 422
    assert {error["parameter"] for error in answer.json()["errors"]} == wrong


def test_a_custom_range_holds_full_minutes_and_is_compared_with_as_many(shop: Shop) -> None:
    limits = {"from": "2026-03-01T00:00:30Z", "to": "2026-03-01T00:00:31Z"}
    assert shop.client.get("/kpi", params={"range": "custom", **limits}).status_code == 422
    until = shop.rows[-1].event_time - 2 * MINUTE
    limits = {"from": (until - timedelta(minutes=45)).isoformat(), "to": until.isoformat()}
    report = shop.client.get("/kpi", params={"range": "custom", **limits}).raise_for_status().json()
    current, previous = (report[period]["range"] for period in ("current", "previous"))
    assert instant(current["end"]) - instant(current["start"]) == 44 * MINUTE
    assert previous["end"] == current["start"]
    for period, limits in (("current", current), ("previous", previous)):
        check_kpis(report[period], shop.rows, instant(limits["start"]), instant(limits["end"]))


def test_the_cut_off_minute_of_the_previous_range_is_counted_to_the_second(
    client: httpx.Client, connection: psycopg.Connection[Any], rows: list[Row]
) -> None:
    """All events of that minute but those after the cut; the KPIs of the minute would have them all."""
    minute = (datetime.now(UTC) - timedelta(hours=1)).replace(second=0, microsecond=0)
    more = [
        Row(f"{place}-{second}", minute + place * MINUTE + timedelta(seconds=second))
        for place in range(-1, 3)
        for second in range(60)
    ]
    write(connection, more)
    report = client.get("/kpi?range=1h").json()
    limits = report["previous"]["range"]
    end = instant(limits["end"])
    assert end.replace(second=0, microsecond=0) in {minute, minute + MINUTE}
    check_kpis(report["previous"], rows + more, instant(limits["start"]), end)
    assert end - instant(limits["start"]) == instant(report["current"]["range"]["end"]) - instant(
        report["current"]["range"]["start"]
    )


@pytest.mark.parametrize(
    ("asked", "step_s"),
    [
        ({"range": "15m"}, 60),
        ({"range": "24h"}, 60),
        ({"range": "today", "tz": "Asia/Kolkata"}, 60),
        ({"range": "custom", "tz": "Asia/Kolkata"}, 3600),
    ],
)
def test_the_windows_add_up_to_the_kpis(shop: Shop, asked: dict[str, str], step_s: int) -> None:
    if asked["range"] == "custom":
        until = datetime.now(UTC) - MINUTE
        asked = asked | {"from": (until - timedelta(hours=40)).isoformat(), "to": until.isoformat()}
    series = shop.client.get("/timeseries", params=asked).raise_for_status().json()
    start, end = (instant(series["range"][limit]) for limit in ("start", "end"))
    assert series["step_s"] == step_s
    starts = series["starts"]
    assert starts == list(range(starts[0], int(end.timestamp() + 0.999_999), step_s))
    assert starts[0] <= start.timestamp() < starts[0] + step_s
    if step_s == 3600:
        assert starts[0] % 3600 == 1800, "hours of India begin at half past"
    for currency, columns in series["currencies"].items():
        assert {len(column) for column in columns.values()} == {len(starts)}
        for place, first in enumerate(starts):
            low = max(start, datetime.fromtimestamp(first, UTC))
            high = min(end, datetime.fromtimestamp(first + step_s, UTC))
            inside = (row for row in shop.rows if low <= row.event_time < high)
            if place % max(1, len(starts) // 40) == 0:
                wanted = recomputed(inside)[currency]
                assert {name: columns[name][place] for name in COUNTED} == {
                    name: wanted[name] for name in COUNTED
                }
                assert Decimal(columns["revenue"][place]) == wanted["revenue"]
                assert Decimal(columns["order_value"][place]) == wanted["order_value"]
        wanted = recomputed(row for row in shop.rows if start <= row.event_time < end)[currency]
        assert sum(columns["orders_created"]) == wanted["orders_created"]
        assert sum(map(Decimal, columns["revenue"])) == wanted["revenue"]


def test_windows_behind_the_newest_event_are_open(
    client: httpx.Client, connection: psycopg.Connection[Any], rows: list[Row]
) -> None:
    newest = max(row.event_time for row in rows)
    series = client.get("/timeseries?range=15m").json()
    assert series["open_from"] == newest.replace(second=0, microsecond=0).timestamp()
    connection.execute("DELETE FROM ops.stream_batch")
    announce(connection, "kpi_1m", newest - 5 * MINUTE)
    series = client.get("/timeseries?range=15m").json()
    assert series["open_from"] == (newest - 5 * MINUTE).replace(second=0, microsecond=0).timestamp()


def test_freshness_is_event_time_lag(
    client: httpx.Client, settings: Settings, connection: psycopg.Connection[Any], rows: list[Row]
) -> None:
    limit_s = settings.checks.freshness_limit_s

    def shown() -> dict[str, Any]:
        report: dict[str, Any] = client.get("/kpi?range=15m").json()
        return report

    fresh = shown()
    newest = max(row.event_time for row in rows)
    assert instant(fresh["newest_event_time"]) == newest
    lag_s = (instant(fresh["as_of"]) - newest).total_seconds()
    assert fresh["event_time_lag_s"] == pytest.approx(lag_s, abs=1e-6)
    assert not fresh["stale"]
    connection.execute("DELETE FROM ops.stream_batch")
    announce(connection, "kpi_1m", datetime.now(UTC) - timedelta(seconds=limit_s + 1))
    announce(connection, "events_clean", datetime.now(UTC))
    assert shown()["stale"], "the other query counts nothing"
    announce(connection, "kpi_1m", datetime.now(UTC) + timedelta(seconds=30))
    ahead = shown()
    assert ahead["event_time_lag_s"] == 0
    assert not ahead["stale"]
    connection.execute("DELETE FROM ops.stream_batch")
    never = shown()
    assert never["newest_event_time"] is never["event_time_lag_s"] is None
    assert never["stale"]


def test_an_unchanged_answer_is_not_sent_again(
    client: httpx.Client, connection: psycopg.Connection[Any], rows: list[Row]
) -> None:
    until = rows[-1].event_time - 2 * MINUTE
    limits = {"from": (until - timedelta(minutes=45)).isoformat(), "to": until.isoformat()}
    for path, by in (("/kpi", {}), ("/timeseries", {}), ("/kpi/breakdown", {"by": "channel"})):
        asked = {"range": "custom", **limits, **by}
        first = client.get(path, params=asked)
        assert first.headers["Cache-Control"] == "no-cache"
        tag = first.headers["ETag"]
        again = client.get(path, params=asked, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        write(connection, [Row(f"one more {path}", until - 10 * MINUTE)])
        changed = client.get(path, params=asked, headers={"If-None-Match": tag})
        assert changed.status_code == 200
        assert changed.headers["ETag"] != tag


def test_without_any_event_there_are_zeros_and_no_rates(
    client: httpx.Client, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("TRUNCATE events_clean, kpi_1m, kpi_1m_by_currency, kpi_1m_detail, ops.stream_batch")
    report = client.get("/kpi?range=24h").json()
    check_kpis(report["current"], [], datetime.now(UTC), datetime.now(UTC))
    series = client.get("/timeseries?range=15m").json()
    assert series["open_from"] == series["starts"][0]
    assert all(
        not any(map(float, column))
        for columns in series["currencies"].values()
        for column in columns.values()
    )


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ("range=2h", {"range"}),
        ("range=custom", {"from", "to"}),
        ("range=1h&from=2026-03-01T00:00:00Z", {"from"}),
        ("range=today&tz=Mars/Olympus", {"tz"}),
        ("range=custom&from=yesterday&to=2026-03-01", {"from", "to"}),
        ("range=custom&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", {"to"}),
        ("rnage=1h", {"rnage"}),
    ],
)
@pytest.mark.parametrize("path", ["/kpi", "/timeseries"])
def test_a_wrong_question_is_refused_with_a_reason(
    shop: Shop, path: str, asked: str, wrong: set[str]
) -> None:
    answer = shop.client.get(f"{path}?{asked}")
    assert answer.status_code == 422
    assert {error["parameter"] for error in answer.json()["errors"]} == wrong
