"""The server's socket and limits, and a start that is refused."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from api.server import STUCK_CLIENT_MS, bind, raise_file_limit
from core.errors import StackError
from core.settings import Settings, load_settings

ROOT = Path(__file__).parents[3]


def settings(**api: object) -> Settings:
    return load_settings(root=Path(__file__).parent, api=api)


def on(port: int, host: str = "127.0.0.1") -> Settings:
    return settings(host=host, port=port)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system cannot cut off a stuck client"
)
def test_a_stuck_client_is_cut_off_by_the_kernel(free_port: int) -> None:
    with bind(on(free_port)) as listener, socket.create_connection(("127.0.0.1", free_port)):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == STUCK_CLIENT_MS


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_taken_port_is_reported(free_port: int, host: str) -> None:
    with bind(on(free_port, host)), pytest.raises(StackError, match="ORDERPULSE_API__PORT"):
        bind(on(free_port, host))


def test_a_name_that_nobody_knows_is_reported(free_port: int) -> None:
    with pytest.raises(StackError, match=r"host\.invalid"):
        bind(on(free_port, "host.invalid"))


def test_there_is_a_file_for_each_stream() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        raise_file_limit(settings(max_streams=1500))
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(hard, 2000)
        raise_file_limit(settings(max_streams=10))
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(hard, 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("unsafe", "why"),
    [
        ({"ORDERPULSE_API__HOST": "0.0.0.0"}, "ORDERPULSE_API__AUTH=required"),
        ({"ORDERPULSE_API__AUTH": "required"}, "exactly one of ORDERPULSE_API__JWT_JWKS_FILE"),
        ({"ENVIRONMENT": "production"}, "ORDERPULSE_API__AUTH must be required"),
    ],
)
def test_an_unsafe_api_does_not_start(unsafe: dict[str, str], why: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERPULSE_")}
    answer = subprocess.run(
        [sys.executable, "-m", "api"],
        env=clean | unsafe,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert why in answer.stderr
    assert "Traceback" not in answer.stderr
