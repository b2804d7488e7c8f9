"""Error responses: RFC 9457 problems."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from core.errors import OrderpulseError, SettingsError
from core.logging import get_logger
from intake import exact_json

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
log = get_logger(__name__)


class Problem(BaseModel):
    """An error (RFC 9457)."""

    title: str
    status: int
    code: str = Field(description="The error, for programs.")
    detail: str = Field(description="What happened, and what to do.")


class ProblemError(OrderpulseError):
    """An error with a response of its own. `code` names it for programs and in the metrics."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


class UnavailableError(ProblemError):
    """Kafka has not acknowledged it: the sender must send it again."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, "unavailable", detail, {"Retry-After": str(RETRY_AFTER_S)})


def answer(error: ProblemError) -> Response:
    """The response for `error`."""
    title = HTTPStatus(error.status).phrase
    problem = Problem(title=title, status=error.status, code=error.code, detail=str(error))
    body = exact_json.dumps(problem.model_dump())
    return Response(body, error.status, {"Cache-Control": "no-store", **error.headers}, MEDIA_TYPE)


def handle_problems(app: FastAPI) -> None:
    """Let every error that a route of `app` raises be answered as a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(SettingsError, _on_settings_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unexpected)


def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return answer(error)


def _on_settings_error(_: Request, error: Exception) -> Response:
    """A source's file or a secret cannot be used: the sender retries, and meanwhile somebody corrects it."""
    log.error("settings.unusable", error=str(error))
    return answer(UnavailableError("A file that this sender needs cannot be used; see the log of intake."))


def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).name.lower()
    detail = f"There is nothing for {request.method} {request.url.path}."
    return answer(ProblemError(error.status_code, code, detail, error.headers))


def _on_unexpected(_: Request, __: Exception) -> Response:
    detail = "Intake met an unexpected error and logged it. Nothing was acknowledged: send it again."
    return answer(ProblemError(500, "internal_error", detail))
