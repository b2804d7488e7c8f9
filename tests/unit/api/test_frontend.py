"""How the built dashboard is served."""

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.edge.frontend import Frontend
from api.edge.problems import handle_problems

SCRIPT = "assets/index-B3f_x9Zq.js"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder as the build leaves it, and a secret beside it."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>orderpulse</title>")
    (folder / SCRIPT).write_text("let plain")
    (folder / f"{SCRIPT}.br").write_bytes(b"brotli")
    (folder / f"{SCRIPT}.gz").write_bytes(gzip.compress(b"let plain"))
    (folder / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def ask(folder: Path, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    app = FastAPI()

    @app.get("/api/v1/kpi")
    async def kpi() -> str:
        return "kpi"

    app.router.default = Frontend(folder)
    handle_problems(app)

    async def answer() -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers={"Accept-Encoding": "identity"} | named)

    return asyncio.run(answer())


@pytest.mark.parametrize("path", ["/", "/index.html", "/events", "/events/some-id", "/ops/", "/apis"])
def test_pages_are_the_index_and_asked_for_again(build: Path, path: str) -> None:
    found = ask(build, path)
    assert (found.status_code, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert found.headers["cache-control"] == "no-cache"
    again = ask(build, path, If_None_Match=found.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


def test_a_hashed_file_is_kept_forever(build: Path) -> None:
    found = ask(build, f"/{SCRIPT}")
    assert (found.text, found.headers["cache-control"]) == (
        "let plain",
        "public, max-age=31536000, immutable",
    )
    assert "javascript" in found.headers["content-type"]
    assert ask(build, "/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("br;q=1.0, gzip", "br"),
        ("gzip", "gzip"),
        ("identity", None),
        ("zstd", None),
    ],
)
def test_the_smallest_form_that_the_client_takes_is_sent(
    build: Path, accepted: str, encoding: str | None
) -> None:
    found = ask(build, f"/{SCRIPT}", Accept_Encoding=accepted)
    assert found.headers.get("content-encoding") == encoding
    assert "javascript" in found.headers["content-type"]
    assert found.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    ["/none.js", "/assets/none.css", "/api", "/api/v1/none", "/api/v2", "/..%2Fsecret.txt", "/link.txt", "/%00.txt", "/" + "x" * 300 + ".js"],
)  # fmt: skip
def test_what_is_not_there_is_a_problem(build: Path, path: str) -> None:
    found = ask(build, path)
    assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "//etc/passwd"])
def test_nothing_outside_the_folder_is_served(build: Path, path: str) -> None:
    assert "root:" not in ask(build, path).text


def test_other_methods_are_refused(build: Path) -> None:
    assert ask(build, "/events", "POST").status_code == 405
    assert ask(build, "/api/v1/kpi", "POST").status_code == 405
    assert ask(build, "/events", "HEAD").content == b""


def test_a_missing_build_reports_how_to_make_it(tmp_path: Path) -> None:
    found = ask(tmp_path / "dist", "/")
    assert found.status_code == 503
    assert "npm run build" in found.text
    assert "style" not in found.text
