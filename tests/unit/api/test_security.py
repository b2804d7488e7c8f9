"""The headers of every answer, and which requests are refused before any route."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from api.edge.problems import handle_problems
from api.edge.security import MAX_BODY, Security, refuse_forgery
from core.settings import Environment, Settings, load_settings


def settings(**api: Any) -> Settings:
    return load_settings(root=Path(__file__).parent, api=api)


def answer(chosen: Settings, method: str = "GET", path: str = "/", **request: Any) -> httpx.Response:
    """The answer of a small application behind the middleware."""
    app = FastAPI()

    @app.api_route("/", methods=["GET", "POST"])
    async def root(request: Request) -> int:
        return len(await request.body())

    @app.post("/change")
    async def change(request: Request) -> None:
        refuse_forgery(request, chosen)

    handle_problems(app)
    app.add_middleware(Security, settings=chosen)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            return await client.request(method, path, **request)

    return asyncio.run(ask())


JSON = {"Content-Type": "application/json"}
TOKENS: dict[str, Any] = {"auth": "required", "jwt_jwks_file": "keys.json"}


def test_every_answer_carries_the_headers() -> None:
    for found in (answer(settings()), answer(settings(), headers={"Host": "evil.example"})):
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["cross-origin-opener-policy"] == "same-origin"
        assert found.headers["referrer-policy"] == "same-origin"
        assert "strict-transport-security" not in found.headers


def test_production_demands_tls_of_the_browser() -> None:
    production = settings(**TOKENS).model_copy(update={"environment": Environment.PRODUCTION})
    assert "max-age=31536000" in answer(production).headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("127.0.0.2:1", 200),
        ("evil.example", 421),
        ("localhost.evil.example:8000", 421),
        ("127.0.0.1.evil.example", 421),
        ("[::2]:8000", 421),
        ("", 421),
    ],
)
def test_only_own_names_are_answered_without_tokens(host: str, status: int) -> None:
    found = answer(settings(host="127.0.0.2"), headers={"Host": host})
    assert found.status_code == status
    assert answer(settings(host="127.0.0.2", **TOKENS), headers={"Host": host}).status_code == 200
    if status == 421:
        assert found.headers["content-type"] == "application/problem+json"
        assert found.json()["status"] == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (JSON, 200),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        (JSON | {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}, 200),
        (JSON | {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}, 200),
        ({}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (JSON | {"Origin": "http://evil.example"}, 403),
        (JSON | {"Origin": "http://localhost:3000"}, 403),
        (JSON | {"Origin": "null"}, 403),
        (JSON | {"Sec-Fetch-Site": "cross-site"}, 403),
        (JSON | {"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_change_must_be_json_from_an_own_page(headers: dict[str, str], status: int) -> None:
    chosen = settings(cors_origins="https://shop.example")
    assert answer(chosen, "POST", "/change", content=b"{}", headers=headers).status_code == status


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A body of unknown length."""
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("size", [MAX_BODY, MAX_BODY + 1024])
@pytest.mark.parametrize("told", [True, False])
def test_a_long_body_is_refused(size: int, told: bool) -> None:
    found = answer(settings(), "POST", content=b"x" * size if told else pieces(size), headers=JSON)
    if size > MAX_BODY:
        assert found.status_code == 413
        assert found.json()["status"] == 413
    else:
        assert (found.status_code, found.json()) == (200, size)
