"""An id for each request, one line in the log, and a problem for what nobody caught. Pure ASGI."""

import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api.problems import unexpected
from core.logging import get_logger

__all__ = ["REQUEST_ID", "RequestLog"]

log = get_logger(__name__)

REQUEST_ID = "X-Request-ID"
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What is taken from a caller; anything else could forge lines of the log."""

PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked by machines every few seconds: logged as debug."""


class RequestLog:
    """Middleware around everything: its errors, too, have the id and the line.

    The id is the caller's `X-Request-ID`, or made; it is in the answer's header, in problems and in every
    line that is logged meanwhile. Paths are logged without their query.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is not HTTP goes by."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if SANE_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = request_id
        with bound_contextvars(request_id=request_id):
            await self._serve(scope, receive, send, request_id)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception("request.failed", method=scope["method"], path=scope["path"])
            if status:  # The answer is under way: break it off, so that nobody takes it for a whole one.
                raise
            await unexpected(Request(scope))(scope, receive, send_with_id)
        finally:
            line = log.debug if scope["path"] in PROBES else log.info
            duration_ms = round((time.perf_counter() - started) * 1000, 1)
            line(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status or None,
                duration_ms=duration_ms,
            )
