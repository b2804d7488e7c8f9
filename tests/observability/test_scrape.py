"""A real Prometheus with the monitor's own configuration, over an API that demands tokens."""

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from api.app import create_app
from core.settings import PostgresSettings, Settings
from stack.host.waiting import wait_until
from tests.api_client import serving
from tests.observability.prometheus import ask, configuration, running
from tests.tokens import SECRET

TOKEN = "a-Monitor-has-a-token-of-its-own-0123456789"
RULES = 12


@pytest.mark.parametrize(("token", "health"), [(TOKEN, "up"), ("another", "down")])
def test_it_scrapes_with_its_token_and_evaluates_the_rules(
    settings: Settings, database: PostgresSettings, tmp_path: Path, token: str, health: str
) -> None:
    tokens = {"auth": "required", "jwt_secret": SecretStr(SECRET), "metrics_token": SecretStr(TOKEN)}
    api = settings.api.model_copy(update=tokens)
    with serving(create_app(settings.model_copy(update={"postgres": database, "api": api}))) as client:
        (tmp_path / "token").write_text(token)
        changes = {
            "/run/secrets/metrics": str(tmp_path / "token"),
            "api.pages:8000": httpx.URL(client.base_url).netloc.decode(),
            "15s": "2s",
            "10s": "2s",
        }
        with running(configuration(tmp_path, **changes)) as address:

            def rules() -> list[dict[str, str]]:
                return [rule for group in ask(address, "rules")["groups"] for rule in group["rules"]]

            def target() -> dict[str, str]:
                found: list[dict[str, str]] = ask(address, "targets")["activeTargets"]
                return found[0] if found else {"health": "not known yet"}

            assert wait_until(lambda: target()["health"] == health, 20), target()
            assert wait_until(lambda: all(each["health"] == "ok" for each in rules()), 20), rules()
            assert len(rules()) == RULES
            states = {each["name"]: each["state"] for each in rules()}
            if health == "down":
                assert "401" in target()["lastError"]
                assert wait_until(lambda: rules()[0]["state"] == "pending", 20)
            else:
                (found,) = ask(address, "query", query="orderpulse_database_up")["result"]
                assert found["value"][1] == "1"
                assert states["OrderpulseApiDown"] == "inactive"
