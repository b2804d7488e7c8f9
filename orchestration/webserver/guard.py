"""Filters requests to Dagster's web server, which has no login: anyone who reaches its port may use it.

So another site's page must not reach it through a browser, by a link, a form, a script, a frame or a WebSocket, nor
under its own host name (DNS rebinding). Dagster itself accepts mutations by GET, with any Host and Origin.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.browser import LOOPBACK_NAMES, SAFE_METHODS, host_name, is_from_own_page, is_json, is_navigation
from core.settings import DagsterSettings

POLICY_VIOLATION = 1008
"""RFC 6455, section 7.4.1."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status and a sentence with what to do."""

    status: int
    text: str


def served_hosts(dagster: DagsterSettings) -> frozenset[str]:
    """Host names that Dagster accepts: this machine's, the one the API uses, and the public one."""
    names = {dagster.listen_host, dagster.webserver_host, urlsplit(dagster.page()).hostname or ""}
    return LOOPBACK_NAMES | {name.lower() for name in names if name}


class Guard:
    """Passes on requests from Dagster's own pages and from programs, for one of `hosts`; refuses the rest."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket; passes on lifespan messages."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refused = refusal(scope, self._hosts)
        if refused is None:
            await self._app(scope, receive, _unframed(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": refused.text})
        else:
            allow = {"Allow": "POST"} if refused.status == 405 else None
            answer = PlainTextResponse(f"{refused.text}\n", refused.status, allow)
            await answer(scope, receive, send)


def refusal(scope: Scope, hosts: frozenset[str]) -> Refusal | None:
    """Why a request or websocket is refused; None if it may pass. `hosts` are names in lower case."""
    headers = Headers(scope=scope)
    name = host_name(headers.get("host", ""))
    if name not in hosts:
        return Refusal(
            421,
            f"Dagster is not known here as '{name}'. Use {', '.join(sorted(hosts))}, or set "
            "ORDERPULSE_DAGSTER__PUBLIC_URL to the public address.",
        )
    method = scope.get("method", "GET")
    own = is_from_own_page(headers)
    if scope["type"] == "http" and method == "GET" and not own:
        own = is_navigation(headers) and not headers.get("origin")
    if not own:
        return Refusal(
            403,
            "The request comes from another site's page. Dagster accepts only requests from its own pages.",
        )
    if scope["type"] == "websocket":
        return None
    if method not in SAFE_METHODS:
        return (
            None
            if is_json(headers)
            else Refusal(415, "Send the request as `Content-Type: application/json`.")
        )
    is_query = scope["path"].rstrip("/").endswith("/graphql")
    if is_query and "text/html" not in headers.get("accept", ""):  # browsers get the page for queries
        return Refusal(405, "Send the query by POST, as `Content-Type: application/json`.")
    return None


def _unframed(send: Send) -> Send:
    """`send` that prevents other sites from showing the page in a frame."""

    async def send_with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["X-Frame-Options"] = "SAMEORIGIN"
        await send(message)

    return send_with_header
