"""An id for each request, one line in the log, and a problem for uncaught errors. Pure ASGI."""

import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api.edge.problems import unexpected
from core.logging import get_logger

log = get_logger(__name__)

REQUEST_ID = "X-Request-ID"
VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Accepted request ids; anything else could forge log lines."""

PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Requested by probes every few seconds: logged as debug."""


class RequestLog:
    """Outermost middleware: errors of the others also get the id and the line.

    The id is the client's `X-Request-ID`, or generated; it is in the response's header, in problems and in every
    line that is logged meanwhile. Paths are logged without their query.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; passes on everything but HTTP."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if VALID_ID.fullmatch(given) else uuid.uuid4().hex
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
            if status:  # The response has begun: break it off, so that it does not look complete.
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
