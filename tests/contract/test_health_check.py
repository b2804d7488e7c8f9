"""The containers' health checks: what they find, by the same rules as elsewhere, at no cost."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.settings import load_settings
from stack.deploy.verdict_file import verdict_file, write_verdict
from stack.host.ports import free_ports

CHECK = Path(__file__).parents[2] / "deploy" / "healthy"
CHEAP_S = 0.05
"""Of processor time; a Python that asks the database took 1 s of it, and 16 to 35 s on a busy machine."""


def check(*arguments: str, data: Path = Path("/nowhere")) -> tuple[int, str]:
    """Exit code and words of a check."""
    answer = subprocess.run(
        [CHECK, *arguments],
        env={"ORDERPULSE_STACK__DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""
    return answer.returncode, answer.stdout.strip()


@contextmanager
def answering(status: int) -> Iterator[str]:
    """Port of a server that answers GET /livez with `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/livez" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield str(server.server_port)
        server.shutdown()


def test_a_server_that_answers_is_healthy_and_others_are_not() -> None:
    with answering(200) as port:
        assert check("answers", "127.0.0.1", port, "/livez") == (0, "healthy")
        assert check("answers", "127.0.0.1", port, "/elsewhere") == (1, "unhealthy: 404")
        assert check("listens", "127.0.0.1", port) == (0, "healthy")
    with answering(503) as port:
        assert check("answers", "127.0.0.1", port, "/livez") == (1, "unhealthy: 503")
    (closed,) = free_ports(1)
    told = (1, f"starting: 127.0.0.1:{closed} is closed")
    assert check("answers", "127.0.0.1", str(closed), "/livez") == told
    assert check("listens", "127.0.0.1", str(closed)) == told


@pytest.mark.parametrize("verdict", ["unhealthy: silent for 31 s", "running: no heartbeat yet"])
def test_a_verdict_is_what_was_written_last(tmp_path: Path, verdict: str) -> None:
    settings = load_settings(stack={"data_dir": tmp_path})
    assert check("verdict", "generator", data=tmp_path) == (1, "starting: no verdict yet")
    write_verdict(settings, "generator", verdict)
    assert check("verdict", "generator", data=tmp_path) == (1, verdict)
    write_verdict(settings, "generator", "healthy")
    assert check("verdict", "generator", data=tmp_path) == (0, "healthy")


def test_who_stops_writing_is_unhealthy(tmp_path: Path) -> None:
    file = verdict_file(load_settings(stack={"data_dir": tmp_path}), "generator")
    file.parent.mkdir()
    for age_s, told in ((15, (0, "healthy")), (25, (1, "unhealthy: its runner does not report"))):
        file.write_text(f"{time.clock_gettime(time.CLOCK_BOOTTIME) - age_s:.0f} healthy\n")
        assert check("verdict", "generator", data=tmp_path) == told


def test_a_check_costs_next_to_nothing(tmp_path: Path, measured: Callable[[str], None]) -> None:
    write_verdict(load_settings(stack={"data_dir": tmp_path}), "generator", "healthy")
    before = sum(_children_s())
    for _ in range(10):
        assert check("verdict", "generator", data=tmp_path) == (0, "healthy")
    cost_s = (sum(_children_s()) - before) / 10
    measured(f"a container's health check: {1000 * cost_s:.0f} ms of processor time")
    assert cost_s < CHEAP_S


def _children_s() -> tuple[float, float]:
    spent = os.times()
    return spent.children_user, spent.children_system
