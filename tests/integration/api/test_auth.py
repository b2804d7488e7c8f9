"""Every route of a real application that demands tokens: what it answers without one, with one, with the wrong one."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.app import API_PREFIX, create_app
from core.errors import SettingsError
from core.settings import Environment, PostgresSettings, Settings
from tests.api_client import serving
from tests.tokens import SECRET, claims, sign

READ, OPERATE = sign(claims(scope="read")), sign(claims(scope="operate"))
EXPIRED = sign(claims(exp=1))
MONITOR = "a-Monitor-has-a-token-of-its-own-0123456789"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def client(settings: Settings, database: PostgresSettings) -> Iterator[httpx.Client]:
    """An application that demands tokens; Dagster is not there."""
    tokens = {"auth": "required", "jwt_secret": SecretStr(SECRET), "metrics_token": SecretStr(MONITOR)}
    api = settings.api.model_copy(update=tokens)
    dagster = settings.dagster.model_copy(update={"webserver_port": 1})
    app = create_app(settings.model_copy(update={"postgres": database, "api": api, "dagster": dagster}))
    with serving(app) as opened:
        yield opened


def requests(app_paths: dict[str, Any]) -> list[tuple[str, str]]:
    """One request for each operation of the OpenAPI document below the prefix."""
    return [
        (
            method.upper(),
            path.replace("{service}", "generator")
            .replace("{verb}", "start")
            .replace("{", "")
            .replace("}", ""),
        )
        for path, operations in app_paths.items()
        for method in operations
        if path.startswith(API_PREFIX)
    ]


def test_every_route_but_about_demands_a_token(client: httpx.Client) -> None:
    asked = requests(client.get(f"{API_PREFIX}/openapi.json").json()["paths"])
    assert len(asked) >= 12
    for method, path in asked:
        if path == f"{API_PREFIX}/about":
            continue
        for headers, why in (
            ({}, "required"),
            (bearer(EXPIRED), "not accepted"),
            ({"Authorization": f"Basic {READ}"}, "required"),
        ):
            answer = client.request(method, path, headers=headers)
            assert answer.status_code == 401, (method, path, answer.text)
            assert why in answer.json()["title"]
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith('Bearer realm="orderpulse"')


def test_a_token_without_the_scope_is_refused_with_its_name(client: httpx.Client) -> None:
    for method, path in requests(client.get(f"{API_PREFIX}/openapi.json").json()["paths"]):
        if path == f"{API_PREFIX}/about":
            continue
        lacking, scope = (READ, "operate") if "/operate/" in path else (OPERATE, "read")
        answer = client.request(method, path, headers=bearer(lacking))
        assert answer.status_code == 403, (method, path)
        assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["www-authenticate"]
        assert f"`{scope}`" in answer.json()["detail"]


def test_a_token_opens_what_its_scope_says(client: httpx.Client) -> None:
    assert client.get(f"{API_PREFIX}/kpi", headers=bearer(READ)).status_code == 200
    away = client.post(f"{API_PREFIX}/operate/generator/start", headers=bearer(OPERATE))
    assert away.status_code == 503
    assert "Dagster" in away.json()["title"]


def test_no_token_is_taken_from_the_address(client: httpx.Client) -> None:
    """An address ends up in logs."""
    for name in ("access_token", "token"):
        assert client.get(f"{API_PREFIX}/kpi", params={name: READ}).status_code == 401


def test_about_is_open_and_explains_what_a_caller_may_do(client: httpx.Client) -> None:
    def scopes(headers: dict[str, str]) -> tuple[list[str], str | None]:
        found = client.get(f"{API_PREFIX}/about", headers=headers).json()
        assert found["auth"] == "required"
        return found["scopes"], found["subject"]

    assert scopes({}) == ([], None)
    assert scopes(bearer(EXPIRED)) == ([], None)
    assert scopes(bearer(READ)) == (["read"], "ann")
    assert scopes(bearer(sign(claims()))) == (["read", "operate"], "ann")


def test_probes_are_open_and_metrics_are_for_the_monitor_and_readers(client: httpx.Client) -> None:
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer(MONITOR + "x")).status_code == 401
    assert client.get("/metrics", headers=bearer(OPERATE)).status_code == 403
    assert client.get("/metrics", headers=bearer(READ)).status_code == 200
    assert client.get("/metrics", headers=bearer(MONITOR)).status_code == 200
    assert client.get(f"{API_PREFIX}/kpi", headers=bearer(MONITOR)).status_code == 401


def test_a_refusal_comes_before_a_look_at_the_parameters(client: httpx.Client) -> None:
    assert client.get(f"{API_PREFIX}/kpi", params={"range": "nonsense"}).status_code == 401
    rate = f"{API_PREFIX}/operate/generator/rate"
    assert client.post(rate, json={"rate": "x"}).status_code == 401
    assert client.post(rate, json={"rate": "x"}, headers=bearer(OPERATE)).status_code == 422


def test_other_sites_may_ask_only_if_the_settings_allow_it(
    settings: Settings, database: PostgresSettings
) -> None:
    api = settings.api.model_copy(update={"cors_origins": "https://shop.example, https://other.example"})
    chosen = settings.model_copy(update={"postgres": database})
    for each, allowed in ((chosen, False), (chosen.model_copy(update={"api": api}), True)):
        with serving(create_app(each)) as client:
            asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
            preflight = client.options(f"{API_PREFIX}/kpi", headers=asked)
            assert (preflight.headers.get("access-control-allow-origin") == "https://shop.example") is allowed
            answer = client.get(f"{API_PREFIX}/kpi", headers={"Origin": "https://evil.example"})
            assert "access-control-allow-origin" not in answer.headers
            assert "access-control-allow-credentials" not in answer.headers


def test_an_open_api_does_not_start_off_loopback_or_in_production(settings: Settings) -> None:
    outside = settings.model_copy(update={"api": settings.api.model_copy(update={"host": "0.0.0.0"})})
    with pytest.raises(SettingsError, match="ORDERPULSE_API__AUTH"):
        create_app(outside)
    with pytest.raises(SettingsError, match="ORDERPULSE_API__AUTH"):
        create_app(settings.model_copy(update={"environment": Environment.PRODUCTION}))


def test_without_tokens_no_other_site_can_start_or_stop_anything(
    settings: Settings, database: PostgresSettings
) -> None:
    dagster = settings.dagster.model_copy(update={"webserver_port": 1})
    app = create_app(settings.model_copy(update={"postgres": database, "dagster": dagster}))
    own = {"Content-Type": "application/json"}
    with serving(app) as client:
        orders = [path for method, path in requests(app.openapi()["paths"]) if method != "GET"]
        assert len(orders) == 4
        for path in orders:
            assert client.post(path, headers=own | {"Origin": "http://evil.example"}).status_code == 403
            assert client.post(path, headers={"Content-Type": "text/plain"}).status_code == 415
            body: dict[str, object] = {"payload": "{}"} if path.endswith("/try") else {"rate": 5}
            assert client.post(path, headers=own, json=body).status_code == 503, "Dagster or intake is away"
        about = f"{API_PREFIX}/about"
        assert client.get(about, headers={"Origin": "http://evil.example"}).status_code == 200
        assert client.get(about, headers={"Host": "evil.example"}).status_code == 421


def test_orders_are_written_down_with_who_gave_them(
    client: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    path = f"{API_PREFIX}/operate/generator/rate"
    assert client.post(path, json={"rate": 7}, headers=bearer(OPERATE)).status_code == 503
    said = capfd.readouterr()
    line = next(each for each in (said.out + said.err).splitlines() if "operate.failed" in each)
    assert "set_generator_rate" in line
    assert "ann" in line
    assert OPERATE not in said.out + said.err
