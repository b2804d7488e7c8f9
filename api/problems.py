"""Errors as the API answers them: RFC 9457 problems, for every status and from every layer."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.models import Problem
from core.errors import DatabaseError, OrderpulseError

__all__ = [
    "MEDIA_TYPE",
    "NotFoundError",
    "ParameterError",
    "ProblemError",
    "answer_problem",
    "handle_problems",
    "unexpected",
]

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
"""When to ask again after the database was away."""


class ProblemError(OrderpulseError):
    """An error that a route answers. `detail` says what happened, what it means, what to do.

    `faults` are (parameter, message) pairs; `headers` are added to the answer.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        faults: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.faults = list(faults)
        self.headers = dict(headers or {})


class ParameterError(ProblemError):
    """Parameters that are well-formed, yet do not make a question; each with what is wrong."""

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        named = list(faults)
        said = " ".join(f"{parameter}: {message}" for parameter, message in named)
        super().__init__(422, "The parameters are not usable", said, faults=named)


class NotFoundError(ProblemError):
    """There is no such thing."""

    def __init__(self, detail: str) -> None:
        super().__init__(404, "There is no such thing", detail)


def handle_problems(app: FastAPI) -> None:
    """Let every error that a route of `app` raises be answered as a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(DatabaseError, _on_database_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)


def unexpected(request: Request) -> Response:
    """The answer to an error that nobody expected; what it was stands in the log alone."""
    detail = (
        "The API met an error that it did not expect, and logged it under this request id. "
        "Try again; if it stays, tell whoever runs the platform the id."
    )
    return answer_problem(request, ProblemError(500, "The API failed", detail))


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return answer_problem(request, error)


def _on_database_error(request: Request, error: Exception) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return answer_problem(
        request, ProblemError(503, "The database cannot be asked", str(error), headers=headers)
    )


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer_problem(request, ParameterError(_fault(each) for each in error.errors()))


def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    detail = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.url.path} does not take {request.method}.",
    }.get(error.status_code, str(error.detail))
    return answer_problem(request, ProblemError(error.status_code, title, detail, headers=error.headers))


def _fault(error: Mapping[str, Any]) -> tuple[str, str]:
    """One of pydantic's errors as (parameter, message), both in words."""
    place, *path = error["loc"]
    names = [part for part in path if isinstance(part, str)]
    if error["type"] == "extra_forbidden":
        return ".".join(names), "There is no such parameter."
    message = str(error["msg"]).removeprefix("Value error, ")
    return ".".join(names) or str(place), message if message.endswith(".") else f"{message}."


def answer_problem(request: Request, error: ProblemError) -> Response:
    """The answer that says `error`; for a layer from which no handler would take it."""
    problem = Problem(
        title=error.title,
        status=error.status,
        detail=error.detail,
        instance=request.url.path,
        request_id=request.scope.get("request_id"),
        errors=[{"parameter": name, "message": message} for name, message in error.faults] or None,
    )
    body = problem.model_dump_json(exclude_none=True)
    headers = {"Cache-Control": "no-store"} | error.headers
    return Response(body, error.status, headers, media_type=MEDIA_TYPE)
