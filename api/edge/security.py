"""Headers of every response and limits on every request. Pure ASGI."""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.problems import ProblemError, answer_problem
from core.browser import LOOPBACK_NAMES, SAFE_METHODS, host_name, is_from_own_page, is_json
from core.settings import Environment, Settings

MAX_BODY = 64 * 1024
"""In bytes; no route needs a body of more than one KiB."""

MAX_URL = 8 * 1024
"""Bytes of path and query as sent; the longest filters of a page of events need half of it."""

MAX_HEADERS_BYTES = 32 * 1024
MAX_HEADERS = 100

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = {"Strict-Transport-Security": "max-age=31536000"}
"""Sent in production, where a proxy in front terminates TLS."""


def allowed_origins(settings: Settings) -> list[str]:
    """The other sites' origins that may use the API, from the settings."""
    return [origin.strip().rstrip("/") for origin in settings.api.cors_origins.split(",") if origin.strip()]


class Security:
    """Adds headers to every response; refuses requests that are too long.

    Without tokens, everyone who reaches the port may use it. So that another site cannot do so through a
    user's browser under its own host name (DNS rebinding), the requested host must be this machine.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        production = settings.environment is Environment.PRODUCTION
        self._headers = _encoded(HEADERS | (HSTS if production else {}))
        self._is_open = settings.api.auth == "off"
        self._hosts = LOOPBACK_NAMES | {settings.api.host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is not HTTP goes by."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        if refusal := _too_long(scope) or self._refusal(Headers(scope=scope)):
            await answer_problem(Request(scope), refusal)(scope, receive, send_with_headers)
        else:
            await self._app(scope, _limited(receive), send_with_headers)

    def _refusal(self, headers: Headers) -> ProblemError | None:
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return ProblemError(
                413,
                "content_too_large",
                "The request is too long",
                f"A body may have up to {MAX_BODY} bytes.",
            )
        if not self._is_open:
            return None
        if host_name(headers.get("host", "")) not in self._hosts:
            detail = "Without tokens the API accepts only this machine's own names, such as localhost."
            return ProblemError(421, "host_unknown", "The API is not known under this name", detail)
        return None


def _too_long(scope: Scope) -> ProblemError | None:
    """The problem if a request's URL or headers are too long."""
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_URL:
        return ProblemError(
            414,
            "uri_too_long",
            "The URL is too long",
            f"Path and query may have up to {MAX_URL} bytes.",
        )
    headers = scope["headers"]
    if (
        len(headers) > MAX_HEADERS
        or sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS_BYTES
    ):
        return ProblemError(
            431,
            "request_header_fields_too_large",
            "The headers are too long",
            f"A request may have up to {MAX_HEADERS} headers of {MAX_HEADERS_BYTES} bytes together.",
        )
    return None


def refuse_forgery(request: Request, settings: Settings) -> None:
    """Refuse a change that another site's page may have made through a user's browser; needed without tokens.

    It must be JSON, which another site's form cannot send, and come from our page or none. Raises a 415 or a 403.
    """
    if request.method in SAFE_METHODS:
        return
    headers = request.headers
    if not is_json(headers):
        detail = "Send `Content-Type: application/json`, even if the body is empty."
        raise ProblemError(415, "not_json", "The request is not JSON", detail)
    if headers.get("origin", "") in allowed_origins(settings):
        return
    if not is_from_own_page(headers):
        detail = "Only the dashboard's own pages may make changes."
        raise ProblemError(403, "foreign_origin", "The request comes from another site", detail)


def _limited(receive: Receive) -> Receive:
    """`receive` that raises a 413 if a body of unknown length turns out too long."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY:
            raise HTTPException(413, f"A body may have up to {MAX_BODY} bytes.")
        return message

    return receive_limited


def _encoded(headers: dict[str, str]) -> Iterable[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
