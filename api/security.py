"""What every answer carries and every request must be like, around all routes. Pure ASGI."""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ProblemError, answer_problem
from core.settings import Environment, Settings

__all__ = [
    "LONGEST_BODY",
    "LONGEST_HEADERS",
    "LONGEST_URL",
    "MOST_HEADERS",
    "Security",
    "allowed_origins",
    "refuse_forgery",
]

LONGEST_BODY = 64 * 1024
"""Bytes; the longest that any route has a use for is below one."""

LONGEST_URL = 8 * 1024
"""Bytes of path and query, as sent; all filters of a page of events at their longest take half of it."""

LONGEST_HEADERS = 32 * 1024
MOST_HEADERS = 100

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
"""In production, where a proxy in front speaks TLS."""

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110, section 9.2.1: they change nothing."""


def allowed_origins(settings: Settings) -> list[str]:
    """The origins of other sites that may ask the API, as the settings list them."""
    return [origin.strip().rstrip("/") for origin in settings.api.cors_origins.split(",") if origin.strip()]


class Security:
    """Adds headers to every answer; refuses requests that are too long.

    While no tokens are demanded, whoever reaches the port may use it. So that a page elsewhere cannot make the
    user's browser do that under a name of its own (DNS rebinding), the name asked for must be this machine's.
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
        if not length.isdigit() or int(length) > LONGEST_BODY:
            return ProblemError(
                413, "The request is too long", f"A body may have up to {LONGEST_BODY} bytes."
            )
        if not self._is_open:
            return None
        if _name(headers.get("host", "")) not in self._hosts:
            detail = "Without tokens the API answers to this machine's own names only, such as localhost."
            return ProblemError(421, "The API is not known under this name", detail)
        return None


def _too_long(scope: Scope) -> ProblemError | None:
    """What of a request's head is longer than any use of the API takes."""
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_URL:
        return ProblemError(
            414, "The address is too long", f"Path and query may have up to {LONGEST_URL} bytes."
        )
    headers = scope["headers"]
    if (
        len(headers) > MOST_HEADERS
        or sum(len(name) + len(value) for name, value in headers) > LONGEST_HEADERS
    ):
        return ProblemError(
            431,
            "The headers are too long",
            f"A request may have up to {MOST_HEADERS} headers of {LONGEST_HEADERS} bytes together.",
        )
    return None


def refuse_forgery(request: Request, settings: Settings) -> None:
    """Refuse a change that another site's page may have made in a user's browser; for while no tokens are demanded.

    It must be JSON, which no form of another site can send, and name a page of ours or none. Raises a 415 or a 403.
    """
    if request.method in SAFE:
        return
    headers = request.headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        detail = "Send `Content-Type: application/json`, also where the body is empty."
        raise ProblemError(415, "The request is not JSON", detail)
    origin, host = headers.get("origin", ""), headers.get("host", "").lower()
    if origin in allowed_origins(settings):
        return
    from_page = headers.get("sec-fetch-site", "none")
    if origin.lower() not in ("", f"http://{host}", f"https://{host}") or from_page not in (
        "none",
        "same-origin",
    ):
        detail = "Changes are taken from the dashboard's own pages only."
        raise ProblemError(403, "The request comes from another site", detail)


def _limited(receive: Receive) -> Receive:
    """`receive` that raises a 413 where a body of unknown length turns out too long."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > LONGEST_BODY:
            raise HTTPException(413, f"A body may have up to {LONGEST_BODY} bytes.")
        return message

    return receive_limited


def _name(host: str) -> str:
    """The name in a `Host` header, without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _encoded(headers: dict[str, str]) -> Iterable[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
