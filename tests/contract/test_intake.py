"""The published description of intake is current, and names what there is."""

import json
from importlib.metadata import version

from core.openapi import document_text
from core.schemas import event_schema
from core.settings import load_settings
from intake import openapi
from intake.app import create_app
from intake.events import MEDIA_TYPES


def test_the_committed_document_is_current() -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == document_text(create_app(load_settings())), (
        "run `python -m intake.openapi`"
    )


def test_it_describes_the_event_and_every_form() -> None:
    document = json.loads(openapi.FILE.read_text(encoding="utf-8"))
    assert document["info"]["version"] == version("orderpulse")
    assert document["components"]["schemas"]["Event"]["properties"] == event_schema()["properties"]
    content = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]
    assert set(content) == set(MEDIA_TYPES) - {"text/json"}
    assert set(document["paths"]) == {"/v1/events", "/v1/sources/{name}", "/healthz", "/metrics"}
