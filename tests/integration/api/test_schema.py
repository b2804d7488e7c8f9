"""The whole OpenAPI document against the API on a real, filled database: whatever is asked, it answers as it says.

The file `api/openapi.json`, which the dashboard's types come from, is that document.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from pydantic import SecretStr
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import API_PREFIX, create_app
from api.openapi import FILE
from core import postgres
from core.openapi import document_text
from core.settings import PostgresSettings, Settings, load_settings
from stack.host.ports import free_ports
from tests.api_client import serving
from tests.api_rows import random_rows, write
from tests.tokens import SECRET, claims, sign

NEVER_ENDS = f"{API_PREFIX}/stream"
EXAMPLES = 25

load_all_checks()


def test_the_committed_document_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == document_text(create_app(load_settings())), (
        "run `python -m api.openapi`"
    )


@pytest.fixture(scope="module")
def address(settings: Settings, module_database: PostgresSettings) -> Iterator[str]:
    """Where the API is."""
    now = datetime.now(UTC)
    with postgres.connect(module_database, autocommit=True) as connection:
        write(connection, random_rows(500, now - timedelta(hours=2), now))
    api = settings.api.model_copy(update={"auth": "required", "jwt_secret": SecretStr(SECRET)})
    nobody = settings.dagster.model_copy(
        update={"webserver_port": free_ports(1)[0]}
    )  # nothing is really stopped
    no_intake = settings.intake.model_copy(update={"port": free_ports(1)[0]})
    neighbours = {"dagster": nobody, "intake": no_intake}
    secured = settings.model_copy(update={"postgres": module_database, "api": api, **neighbours})
    with serving(create_app(secured)) as client:
        yield str(client.base_url)


@schemathesis.auth()
class Token:
    """A token that may do everything; what is refused without one is tried without it."""

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:
        return sign(claims())

    def set(self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


schema = schemathesis.openapi.from_path(FILE).exclude(path=NEVER_ENDS)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_document_says(case: schemathesis.Case[Any], address: str) -> None:
    """Rules between parameters, such as that of `custom`, stand in no schema: a 422 is right there, too."""
    # Dagster and intake are a 503
    without_neighbours = case.method == "POST" or any(part in case.path for part in ("/sources", "/operate"))
    allowed = [not_a_server_error] if without_neighbours else []
    if case.method == "POST":
        case.headers["Content-Type"] = "application/json"  # demanded also where there is no body
    case.call_and_validate(base_url=address, excluded_checks=[positive_data_acceptance, *allowed], timeout=20)
