"""Low-level HTTP: an endless head is cut off before it fills the memory, and invalid HTTP gets a problem."""

from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.edge.problems import MEDIA_TYPE
from api.models import Problem

MAX_HEAD = 64 * 1024
"""Maximum bytes of a request's line and headers."""


class Protocol(HttpToolsProtocol):
    """A connection. The parser keeps the bytes of a head until it is complete, and sets no limit itself."""

    _head_bytes = 0
    _completed = False

    def data_received(self, data: bytes) -> None:
        """Process received bytes."""
        self._completed = False
        super().data_received(data)
        if self._completed:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD:
            self._refuse(431, f"The head of a request may have up to {MAX_HEAD} bytes.")

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._completed = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of a body has arrived; its length is limited elsewhere (`api.edge.security`)."""
        self._completed = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has ended."""
        self._completed = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse invalid HTTP and close the connection."""
        self._refuse(400, msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        is_old = cycle.scope["http_version"] == "1.0"
        super()._start_asgi_task(cycle, _unchunked(app, cycle) if is_old else app)

    def _refuse(self, status: int, detail: str) -> None:
        named = HTTPStatus(status)
        title, code = named.phrase, named.name.lower()
        body = (
            Problem(title=title, code=code, status=status, detail=detail)
            .model_dump_json(exclude_none=True)
            .encode()
        )
        head = (
            f"HTTP/1.1 {status} {title}\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def _unchunked(app: ASGIApp, cycle: RequestResponseCycle) -> Any:
    """`app` for an HTTP/1.0 client, which does not support chunked encoding (RFC 9112, section 6.1).

    A response of unknown length ends with its connection, which uvicorn closes after every response to such a client.
    """

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        open_ended = False

        async def send_unchunked(message: Message) -> None:
            nonlocal open_ended
            if message["type"] == "http.response.start":
                open_ended = all(name.lower() != b"content-length" for name, _ in message.get("headers", ()))
                cycle.chunked_encoding = False if open_ended else None
            elif open_ended:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, send_unchunked)

    return served
