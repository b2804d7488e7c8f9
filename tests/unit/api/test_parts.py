"""Small parts of the API: what a spreadsheet gets, what a payload looks like, what errors say."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel
from starlette.requests import Request

from api.edge.conditional import conditional, tagged
from api.edge.problems import MEDIA_TYPE, handle_problems
from api.edge.request_log import RequestLog
from api.export.cells import clock_time, escape_formula, money, offset
from api.export.naming import file_name
from api.models import Problem
from api.models.common import DimensionName
from api.parameters import RangeParameters
from api.queries import breakdown
from api.queries.rejected import readable
from core.errors import DatabaseError
from core.events import DIMENSIONS
from core.logging import configure_logging
from stack.host.waiting import wait_until
from tests.api_client import serving

BLANKS = [
    "",
    " ",
    "  ",
    "\u00a0",
    "\t",
    "\r",
    "\n",
    "\u3000",
    "\u200b",
    "\ufeff",
    "\u2028",
    "\x1f",
    " \u00a0\t",
]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
        "\ufe661",
        "=cmd|' /C calc'!A0",
    ],
)
def test_a_formula_is_made_harmless(blank: str, formula: str) -> None:
    made = escape_formula(blank + formula)
    assert made.startswith("'")
    assert made.replace("'", "") == (blank + formula).replace("'", "")


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx"])
def test_what_a_spreadsheet_skips_is_made_harmless(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "made"),
    [("x;=1", "x;'=1"), ("x; \uff1d1", "x;' \uff1d1"), ("two\n=1", "two\n'=1"), ("a\t-1", "a\t'-1")],
)
def test_a_formula_behind_what_may_end_a_cell_is_made_harmless(text: str, made: str) -> None:
    assert escape_formula(text) == made


@pytest.mark.parametrize(
    "text", ["", "ORD1", "a=1", "1-1", "'=1", " ORD1 ", "a;b", "Nguyễn", "two\nlines", "a, -1"]
)
def test_a_plain_text_stays(text: str) -> None:
    assert escape_formula(text) == text


def test_text_of_several_lines_and_quotes_survives_csv() -> None:
    from api.export.csv_file import lines

    row = ["a,b", 'say "x"', "two\r\nlines", "ü"]
    assert next(csv.reader(io.StringIO(lines([row]), newline=""))) == row


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("125000.00", "VND", "125000"),
        ("125000.50", "VND", "125000.50"),
        ("12.50", "USD", "12.50"),
        ("9999999999999.99", "USD", "9999999999999.99"),
        ("9999999999999.00", "VND", "9999999999999"),
        ("0.00", "VND", "0"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency_and_is_exact(
    amount: str, currency: str, written: str
) -> None:
    assert money(Decimal(amount), currency) == written


@pytest.mark.parametrize(
    ("zone", "shown", "away"),
    [
        ("Asia/Ho_Chi_Minh", "2026-10-25 07:30:09", "UTC+07:00"),
        ("UTC", "2026-10-25 00:30:09", "UTC+00:00"),
        ("America/St_Johns", "2026-10-24 22:00:09", "UTC-02:30"),
        ("Atlantic/Azores", "2026-10-25 00:30:09", "UTC+00:00"),
    ],
)
def test_a_time_is_that_of_the_zones_clock(zone: str, shown: str, away: str) -> None:
    moment = datetime(2026, 10, 25, 0, 30, 9, 999_999, tzinfo=UTC)
    assert (clock_time(moment, ZoneInfo(zone)), offset(moment, ZoneInfo(zone))) == (shown, away)


def test_an_hour_that_comes_twice_is_distinguished_by_its_offset() -> None:
    azores, first = ZoneInfo("Atlantic/Azores"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    assert clock_time(first, azores) == clock_time(second, azores)
    assert (offset(first, azores), offset(second, azores)) == ("UTC+00:00", "UTC-01:00")


@pytest.mark.parametrize(
    ("from_", "filters", "name"),
    [
        (None, [], "events_until-2026-03-01T1705_Asia-Ho-Chi-Minh.csv"),
        (
            datetime(2026, 2, 28, 17, tzinfo=UTC),
            ["payment_failed", "VND", "ORD1"],
            "events_2026-03-01T0000-to-2026-03-01T1705_Asia-Ho-Chi-Minh_payment-failed_VND_ORD1.csv",
        ),
        (
            None,
            ['../"\\a:b*?', "Nguyễn Đức", "💥"],
            "events_until-2026-03-01T1705_Asia-Ho-Chi-Minh_a-b_Nguyen-Duc.csv",
        ),
    ],
)
def test_a_files_name_contains_range_zone_and_filters(
    from_: datetime | None, filters: list[str], name: str
) -> None:
    zone, now = ZoneInfo("Asia/Ho_Chi_Minh"), datetime(2026, 3, 1, 10, 5, tzinfo=UTC)
    assert file_name("events", "csv", zone=zone, from_=from_, to=now, filters=filters) == name


def test_a_files_name_has_an_end() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert (
        len(file_name("events", "csv", zone=ZoneInfo("UTC"), from_=None, to=now, filters=["x" * 500] * 9))
        < 200
    )


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"", ""),
        ("Việt".encode(), "Việt"),
        (b"a\0b", "a\N{SYMBOL FOR NULL}b"),
        (b"\xff{}", "\N{REPLACEMENT CHARACTER}{}"),
        (b"a\xc3", "a\N{REPLACEMENT CHARACTER}"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_any_bytes_can_be_read(payload: bytes, text: str) -> None:
    assert readable(payload, truncated=False) == text


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_character_that_the_cut_went_through_is_left_out(cut: int) -> None:
    assert readable("a\N{GRINNING FACE}".encode()[: 1 + cut], truncated=True) == "a"


def application() -> FastAPI:
    """Routes that fail in every way, with the API's own handlers and middleware."""
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/range")
    def in_range(asked: Annotated[RangeParameters, Query()]) -> str:
        return asked.range

    @app.get("/database")
    def database() -> None:
        raise DatabaseError("The database does not respond; try again.")

    @app.get("/bug")
    def bug() -> None:
        raise RuntimeError("secret of the house")

    @app.get("/teapot")
    def teapot() -> None:
        raise HTTPException(418, "I'm a teapot", headers={"X-Pot": "1"})

    handle_problems(app)
    app.add_middleware(RequestLog)
    return app


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving(application()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/range?range=2h&tz=&x=1", "GET", 422),
        ("/database", "GET", 503),
        ("/bug", "GET", 500),
        ("/teapot", "GET", 418),
        ("/nowhere", "GET", 404),
        ("/range", "POST", 405),
    ],
)
def test_every_error_is_a_problem_with_the_id_of_its_request(
    client: httpx.Client, path: str, method: str, status: int
) -> None:
    answer = client.request(method, path, headers={"X-Request-ID": "abc-1"})
    problem = Problem.model_validate(answer.json())
    assert answer.status_code == problem.status == status
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.headers["X-Request-ID"] == problem.request_id == "abc-1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert problem.instance == path.partition("?")[0]
    assert problem.detail.endswith((".", "teapot"))


def test_all_wrong_parameters_are_named_at_once(client: httpx.Client) -> None:
    answer = client.get("/range", params={"range": "2h", "from": "now", "to": "2026-03-01", "frm": "x"})
    errors = {error["parameter"]: error["message"] for error in answer.json()["errors"]}
    assert set(errors) == {"range", "from", "to", "frm"}
    assert errors["frm"] == "There is no such parameter."
    assert "zone" in errors["from"]


def test_an_unexpected_error_shows_nothing_of_itself(client: httpx.Client) -> None:
    assert "secret" not in client.get("/bug").text


def test_headers_of_an_error_are_kept(client: httpx.Client) -> None:
    assert client.get("/teapot").headers["X-Pot"] == "1"
    assert client.post("/range").headers["Allow"] == "GET"
    assert int(client.get("/database").headers["Retry-After"]) > 0


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", 'a"', "a,b"])
def test_an_id_that_could_forge_a_log_is_replaced(client: httpx.Client, given: str) -> None:
    answered = client.get("/range", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert answered != given
    assert len(answered) == 32


def test_a_request_is_one_line_without_its_query(
    client: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", process="api")
    client.get("/range?range=15m", headers={"X-Request-ID": "seen"})
    client.get("/bug", headers={"X-Request-ID": "failed"})
    lines: list[dict[str, Any]] = []

    def both_told() -> bool:
        """A line is written once its answer is sent."""
        lines.extend(json.loads(line) for line in capfd.readouterr().err.splitlines())
        return len([line for line in lines if line["event"] == "request"]) == 2

    assert wait_until(both_told, 10), lines
    requests = [line for line in lines if line["event"] == "request"]
    assert [(each["path"], each["status"], each["request_id"]) for each in requests] == [
        ("/range", 200, "seen"),
        ("/bug", 500, "failed"),
    ]
    (failure,) = (line for line in lines if line["event"] == "request.failed")
    assert failure["request_id"] == "failed"
    assert "secret of the house" in failure["exception"]
    assert all("15m" not in json.dumps(line) for line in lines)


class Answer(BaseModel):
    at: int
    number: int


def asked(if_none_match: str | None = None) -> Request:
    headers = [(b"if-none-match", if_none_match.encode())] if if_none_match else []
    return Request({"type": "http", "headers": headers})


def test_the_tag_is_of_the_numbers_and_not_of_the_clock() -> None:
    def tag(at: int, number: int) -> str:
        return conditional(asked(), tagged(Answer(at=at, number=number), {"at": True})).headers["ETag"]

    assert tag(1, 1) == tag(2, 1) != tag(1, 2)
    assert tag(1, 1).startswith('W/"')


@pytest.mark.parametrize(
    ("form", "status"),
    [("{tag}", 304), ('"x", {tag}', 304), ("*", 304), ("{strong}", 304), ('W/"x"', 200), ("{tag}x", 200)],
)
def test_whoever_has_the_numbers_gets_none(form: str, status: int) -> None:
    answer = Answer(at=1, number=1)
    tag = conditional(asked(), tagged(answer, {"at": True})).headers["ETag"]
    given = form.format(tag=tag, strong=tag.removeprefix("W/"))
    response = conditional(asked(given), tagged(answer, {"at": True}))
    assert response.status_code == status
    assert response.headers["ETag"] == tag
    assert response.headers["Cache-Control"] == "no-cache"
    assert (response.body == b"") == (status == 304)


def test_the_fields_of_a_breakdown_are_the_optional_ones() -> None:
    assert get_args(DimensionName) == tuple(dimension.column for dimension in DIMENSIONS)
    assert set(breakdown.READ) == set(get_args(DimensionName))
