"""HTTP as it arrives: a head that has no end is cut off before it fills the memory, and what is no HTTP is a problem."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.models import Problem
from api.problems import MEDIA_TYPE

__all__ = ["LONGEST_HEAD", "Protocol"]

LONGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers that may wait for the empty line behind them."""


class Protocol(HttpToolsProtocol):
    """A connection. The parser keeps the bytes of a head until it is complete, and sets no limit itself."""

    _head_bytes = 0
    _completed = False

    def data_received(self, data: bytes) -> None:
        """Take what came from the peer."""
        self._completed = False
        super().data_received(data)
        if self._completed:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > LONGEST_HEAD:
            self._refuse(431, f"The head of a request may have up to {LONGEST_HEAD} bytes.")

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._completed = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body has come; its length is limited elsewhere (`api.security`)."""
        self._completed = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has ended."""
        self._completed = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, and hang up."""
        self._refuse(400, msg)

    def _refuse(self, status: int, detail: str) -> None:
        title = HTTPStatus(status).phrase
        body = Problem(title=title, status=status, detail=detail).model_dump_json(exclude_none=True).encode()
        head = (
            f"HTTP/1.1 {status} {title}\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
