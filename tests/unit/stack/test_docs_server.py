"""What is served of dbt's documentation: the page once it was built, a sentence before that, never a list of files."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from stack.servers.docs_server import FILES, Handler


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """Asks a server of the folder `tmp_path`, which holds what dbt leaves there before the page."""
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "compiled").mkdir()
    (tmp_path / "partial_parse.msgpack").write_text("secret")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as opened:
            yield opened
        server.shutdown()


def test_it_reports_it_until_the_page_was_built(client: httpx.Client, tmp_path: Path) -> None:
    for path in ("/", *FILES):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "has not been built yet" in answer.text
        assert "manifest" not in answer.text
    (tmp_path / "index.html").write_text("the page")
    assert client.get("/").text == "the page"
    assert client.get("/index.html?x=1").text == "the page"
    assert client.get("/manifest.json").json() == {}


def test_nothing_else_in_the_folder_is_served_or_listed(client: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the page")
    for path in ("/partial_parse.msgpack", "/compiled/", "/compiled", "/../pyproject.toml", "/%2e/"):
        assert client.get(path).status_code == 404, path
