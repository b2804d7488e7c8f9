"""Small parts of the API: what a spreadsheet gets, what a payload looks like, what errors say."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel
from starlette.requests import Request

from api.conditional import conditional, tagged
from api.csv_export import harmless
from api.models import Problem
from api.parameters import RangeParameters
from api.problems import MEDIA_TYPE, handle_problems
from api.queries.rejected import readable
from api.request_log import RequestLog
from core.errors import DatabaseError
from core.logging import configure_logging
from stack.waiting import wait_until
from tests.api_client import serving


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0"]
)
def test_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "ORD1", "a=1", "1-1", "'=1"])
def test_a_plain_text_stays(text: str) -> None:
    assert harmless(text) == text


def test_text_of_several_lines_and_quotes_survives_csv() -> None:
    from api.csv_export import _lines

    row = ["a,b", 'say "x"', "two\r\nlines", "ü"]
    assert next(csv.reader(io.StringIO(_lines([row]), newline=""))) == row


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
        raise DatabaseError("The database does not answer; try again.")

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
