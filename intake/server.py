"""The server process: its socket and its limits."""

import socket

import uvicorn
from fastapi import FastAPI

from core.errors import StackError
from core.settings import Settings

BACKLOG = 1024
MAX_CONNECTIONS = 1_000
MAX_HEAD_BYTES = 64 * 1024
"""Of a request's line and headers; the parser cuts the connection off beyond it."""


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until stopped; requests in progress are answered first. Raises `StackError` if the port is taken."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_graceful_shutdown=int(settings.intake.ack_timeout_s) + 1,
    )
    uvicorn.Server(config).run(sockets=[_bound(settings)])


def _bound(settings: Settings) -> socket.socket:
    host, port = settings.intake.host, settings.intake.port
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise StackError(
            f"Intake cannot listen on {host}, port {port} ({error.strerror}). Stop the program that uses the port, or set "
            "ORDERPULSE_INTAKE__PORT."
        ) from None
