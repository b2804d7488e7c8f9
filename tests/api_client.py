"""An application of the API, served by a real server in a thread of the test, and a client of it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import uvicorn
from fastapi import FastAPI


@contextmanager
def serving(app: FastAPI, *, base_path: str = "") -> Iterator[httpx.Client]:
    """Serve `app` on a free port; the client waits until it has started, and asks below `base_path`."""
    listener = socket.create_server(("127.0.0.1", 0))  # connections queue here until the server takes them
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="api under test")
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}{base_path}"
    try:
        with httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive(), "the server does not end"
