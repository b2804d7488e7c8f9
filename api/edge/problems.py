"""Errors in the API's responses: RFC 9457 problems, for every status and from every layer.

Each has a code and values, for translation: `frontend/src/i18n/problems.ts` has the Vietnamese texts.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.database import QueryTimeoutError
from api.models import Problem
from core.errors import DatabaseError, OrderpulseError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
"""When to retry after the database was down."""


class ProblemError(OrderpulseError):
    """An error response of a route. `detail`: what happened, what it means, what to do.

    `code` and `values` are for translation; `faults` are (parameter, message) pairs; `headers` are added to
    the response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        *,
        values: Mapping[str, str | int] | None = None,
        faults: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.values = dict(values or {})
        self.title = title
        self.detail = detail
        self.faults = list(faults)
        self.headers = dict(headers or {})


class ParameterError(ProblemError):
    """Invalid parameters, each with its fault."""

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        named = list(faults)
        said = " ".join(f"{parameter}: {message}" for parameter, message in named)
        names = ", ".join(dict.fromkeys(parameter for parameter, _ in named))
        super().__init__(
            422,
            "invalid_parameters",
            "The parameters are not valid",
            said,
            values={"names": names},
            faults=named,
        )


class NotFoundError(ProblemError):
    """The requested resource does not exist."""

    def __init__(self, detail: str) -> None:
        super().__init__(404, "not_found", "Not found", detail)


def handle_problems(app: FastAPI) -> None:
    """Return every error that a route of `app` raises as a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(DatabaseError, _on_database_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)


def unexpected(request: Request) -> Response:
    """The response to an unexpected error; its details are only in the log."""
    detail = (
        "An unexpected error occurred in the API; its log has the details under this request id. "
        "Try again; if it persists, report the id to the platform's operator."
    )
    return answer_problem(request, ProblemError(500, "internal_error", "The API failed", detail))


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return answer_problem(request, error)


def _on_database_error(request: Request, error: Exception) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    code = "query_timeout" if isinstance(error, QueryTimeoutError) else "database_unavailable"
    return answer_problem(
        request, ProblemError(503, code, "The database is unavailable", str(error), headers=headers)
    )


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer_problem(request, ParameterError(_fault(each) for each in error.errors()))


def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.url.path} does not support {request.method}.",
    }.get(error.status_code, str(error.detail))
    code = status.name.lower()
    return answer_problem(request, ProblemError(status, code, status.phrase, detail, headers=error.headers))


def _fault(error: Mapping[str, Any]) -> tuple[str, str]:
    """One of pydantic's errors as (parameter, message)."""
    place, *path = error["loc"]
    names = [part for part in path if isinstance(part, str)]
    if error["type"] == "extra_forbidden":
        return ".".join(names), "There is no such parameter."
    message = str(error["msg"]).removeprefix("Value error, ")
    return ".".join(names) or str(place), message if message.endswith(".") else f"{message}."


def answer_problem(request: Request, error: ProblemError) -> Response:
    """The response for `error`, for layers outside the exception handlers."""
    problem = Problem(
        title=error.title,
        code=error.code,
        values=error.values or None,
        status=error.status,
        detail=error.detail,
        instance=request.url.path,
        request_id=request.scope.get("request_id"),
        errors=[{"parameter": name, "message": message} for name, message in error.faults] or None,
    )
    body = problem.model_dump_json(exclude_none=True)
    headers = {"Cache-Control": "no-store"} | error.headers
    return Response(body, error.status, headers, media_type=MEDIA_TYPE)
