"""The server process: its socket, its limits, and a shutdown that does not wait for open streams."""

import resource
import socket
from collections.abc import Awaitable, Callable

import uvicorn
from fastapi import FastAPI

from api.protocol import Protocol
from core.errors import StackError
from core.settings import Settings

GRACE_S = 3
"""Timeout for running responses; live streams are ended at once."""

BACKLOG = 2048
STUCK_CLIENT_MS = 30_000
"""The kernel disconnects a peer that accepts nothing for this long; nothing else could end such a connection."""

SPARE_FILES = 512
"""File descriptors in addition to those of the streams."""


class Server(uvicorn.Server):
    """A server that first ends the streams, which never end by themselves; uvicorn would wait for them."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then the server."""
        await self._end_streams()
        await super().shutdown(sockets)


def server_config(app: FastAPI) -> uvicorn.Config:
    """How uvicorn serves `app`. Forwarded addresses are not trusted."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def bind(settings: Settings) -> socket.socket:
    """The socket that the API listens on. Raises `StackError` if the port is taken."""
    host, port = settings.api.host, settings.api.port
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise StackError(
            f"The API cannot listen on {host}, port {port} ({error.strerror}). Stop the process that uses the port, or set "
            "ORDERPULSE_API__PORT."
        ) from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; inherited by the connections
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_CLIENT_MS)
    return listener


def raise_file_limit(settings: Settings) -> None:
    """Raise the limit of file descriptors to one per stream, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.api.max_streams + SPARE_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
