"""What HTTP requires of every response (RFC 9110), for all routes: HEAD for every GET, and one `Vary`. Pure ASGI."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Semantics:
    """Middleware that serves HEAD by calling the GET route and sending only its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; passes on everything but HTTP."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_tidied(message: Message) -> None:
            if message["type"] == "http.response.start":
                _tidy(MutableHeaders(scope=message))
            await send(message)

        if scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, _head_of(send_tidied))
        else:
            await self._app(scope, receive, send_tidied)


def _head_of(send: Send) -> Send:
    """`send` that completes the response after its head. A running stream then detects the disconnect."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body"})

    return send_head


def _tidy(headers: MutableHeaders) -> None:
    """Name each `Vary` header once, and list HEAD beside GET in `Allow`."""
    if "vary" in headers:
        names = [name.strip() for value in headers.getlist("vary") for name in value.split(",")]
        headers["vary"] = ", ".join({name.lower(): name for name in names}.values())
    methods = [each.strip() for each in headers.get("allow", "").split(",")]
    if "GET" in methods and "HEAD" not in methods:
        headers["allow"] = ", ".join([*methods, "HEAD"])
