"""The OpenAPI document: what FastAPI finds in the routes, and what it cannot know.

`python -m intake.openapi` writes it to `intake/openapi.json`; a test fails when that file is not current.
"""

from pathlib import Path
from typing import Any

from fastapi import FastAPI

from core.openapi import complete_document, document_text
from core.schemas import event_schema
from intake.events import CLOUD_EVENT, CLOUD_EVENTS, JSON_LINES
from intake.problems import MEDIA_TYPE, Problem

FILE = Path(__file__).with_suffix(".json")
DESCRIPTION = """\
Takes events of orders and payments from shops and payment gateways, and answers once Kafka has acknowledged them.

After any answer but a 2xx send the same again: an event that arrived is counted once, by its id. Errors are problems
(RFC 9457), unless a gateway expects another body.
"""
TAGS = {
    "events": "Events of the contract, from a shop's own programs.",
    "sources": "Webhooks as shop systems and payment gateways send them.",
    "probes": "For machines.",
}
MEANINGS = {
    "400": "The body cannot be read",
    "401": "No key or signature of a sender that is known here",
    "404": "There is no such source",
    "405": "The source's messages are sent by the other method",
    "408": "The body did not arrive in time",
    "413": "Too large, or too many events",
    "414": "The query is too long",
    "415": "A content type or encoding that is not accepted",
    "429": "Too many requests from this sender",
    "503": "Kafka has not acknowledged it: send it again after `Retry-After` seconds",
}
EXPECTED = {
    "post_events": ("400", "401", "408", "413", "415", "429", "503"),
    "post_webhook": ("400", "401", "404", "405", "408", "413", "414", "415", "429", "503"),
    "get_webhook": ("400", "401", "404", "405", "414", "429", "503"),
    "healthz": ("503",),
    "metrics": (),
}
EVENT = {"$ref": "#/components/schemas/Event"}
FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Complete the document that `app` serves."""
    complete_document(app, _completed)


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    document["info"]["description"] = DESCRIPTION
    document["tags"] = [{"name": name, "description": said} for name, said in TAGS.items()]
    for path in document["paths"].values():
        for operation in path.values():
            _with_problems(operation)
    events = document["paths"]["/v1/events"]["post"]
    events["requestBody"] = {"required": True, "content": _bodies()}
    events["security"] = [{"bearer": []}]
    events["parameters"] = []
    document["paths"]["/v1/sources/{name}"]["post"]["requestBody"] = {
        "description": "As the source's sender sends it.",
        "content": {"application/json": {"schema": {}}},
    }
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    schemas = components.setdefault("schemas", {})
    for name in FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    schemas["Event"] = {name: value for name, value in event_schema().items() if not name.startswith("$")}
    return document


def _bodies() -> dict[str, Any]:
    """What a body of `/v1/events` may be, by its type."""
    cloud_event = {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {"data": EVENT},
    }
    many = {"type": "array", "items": EVENT, "minItems": 1}
    return {
        "application/json": {"schema": {"oneOf": [EVENT, many]}},
        **{
            name: {"schema": {"type": "string", "description": "An event a line."}}
            for name in sorted(JSON_LINES)
        },
        CLOUD_EVENT: {"schema": cloud_event},
        CLOUD_EVENTS: {"schema": {"type": "array", "items": cloud_event, "minItems": 1}},
    }


def _with_problems(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    for status in EXPECTED[operation["operationId"]]:
        schema = {"$ref": "#/components/schemas/Problem"}
        responses[status] = {"description": MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
    operation["responses"] = dict(sorted(responses.items()))


def _main() -> None:
    from core.settings import load_settings
    from intake.app import create_app

    FILE.write_text(document_text(create_app(load_settings())), encoding="utf-8")


if __name__ == "__main__":
    _main()
