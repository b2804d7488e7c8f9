"""The OpenAPI document: FastAPI's, and what FastAPI cannot derive.

`python -m api.openapi` writes it to `api/openapi.json`, from which the dashboard's types are generated;
a test fails if that file is out of date.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.edge.problems import MEDIA_TYPE
from api.examples import ANSWERS, PROBLEMS
from api.models import Problem
from core.openapi import complete_document, document_text

FILE = Path(__file__).with_suffix(".json")
DESCRIPTION = """\
Live KPIs of orders and payments.

Money is a decimal string with its currency, and never a sum over currencies. Times are UTC. Each response contains
the age of its newest event. Errors are problems (RFC 9457); each has the request's id, which is also in the log.
"""
TAGS = {
    "about": "The caller and the platform.",
    "kpi": "KPIs of a range, and per window.",
    "events": "Accepted events, and the journeys of orders.",
    "rejected": "Records that broke a rule.",
    "health": "The platform's health.",
    "sources": "Shops and gateways that send to intake.",
    "stream": "Changes as they are committed.",
    "operate": "Start, stop, set the rate.",
    "probes": "Probes and metrics.",
}
CONDITIONAL = {"get_kpi", "get_breakdown", "get_timeseries"}
ASK_DATABASE = {"kpi", "events", "rejected"}
OPEN = {"get_about"}
"""Operations that use a token, but do not require one."""

PROBLEM = {"$ref": "#/components/schemas/Problem"}
FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def operation_name(route: APIRoute) -> str:
    """The operation id: the function's name, which generated clients then use."""
    return route.name


def describe(app: FastAPI) -> None:
    """Complete the document that `app` serves."""
    complete_document(app, _completed)


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    document["info"]["description"] = DESCRIPTION
    document["tags"] = [{"name": name, "description": said} for name, said in TAGS.items()]
    for method, operation in _operations(document):
        _without_null(operation.get("parameters", []))
        _with_problems(operation, method)
        _with_example(operation["responses"])
        if operation["operationId"] in CONDITIONAL:
            operation["responses"]["304"] = {
                "description": "The numbers have not changed since `If-None-Match`."
            }
            _etag(operation["responses"]["200"])
    schemas = document["components"]["schemas"]
    for name in FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        yield from path.items()


def _without_null(parameters: list[dict[str, Any]]) -> None:
    """Remove null from optional parameters: optional does not mean nullable."""
    for parameter in parameters:
        schema = parameter["schema"]
        kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
        if len(kinds) == 1:
            del schema["anyOf"]
            parameter["schema"] = kinds[0] | schema


def _expected(operation: dict[str, Any], method: str) -> Iterator[str]:
    """Error statuses of an operation beyond those that its route names."""
    tags, name = set(operation.get("tags", [])), operation["operationId"]
    yield from ("422", "500")
    if operation.get("security") and name not in OPEN:
        yield from ("401", "403")
    if tags & (ASK_DATABASE | {"sources"}) and any(
        each["in"] == "path" for each in operation.get("parameters", [])
    ):
        yield "404"
    if method == "post":
        yield from ("400", "413", "415")
    if tags & (ASK_DATABASE | {"operate", "sources"}) or name == "readyz":
        yield "503"


def _with_problems(operation: dict[str, Any], method: str) -> None:
    """Add every error response of the operation."""
    responses = operation["responses"]
    for status in _expected(operation, method):
        responses.setdefault(status, {})
    for status, response in responses.items():
        if status in PROBLEMS:
            meaning, example = PROBLEMS[status]
            if status == "422" or not response.get("description"):
                response["description"] = meaning
            shown = example.model_dump(mode="json", exclude_none=True)
            response["content"] = {MEDIA_TYPE: {"schema": PROBLEM, "example": shown}}
    if operation["operationId"] in OPEN:
        operation["security"].insert(0, {})
    operation["responses"] = dict(sorted(responses.items()))


def _with_example(responses: dict[str, Any]) -> None:
    content = responses.get("200", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    if name in ANSWERS:
        content["example"] = ANSWERS[name].model_dump(mode="json")


def _etag(response: dict[str, Any]) -> None:
    response["headers"] = {
        "ETag": {"description": "Send it back as `If-None-Match`.", "schema": {"type": "string"}}
    }


def _main() -> None:
    from api.app import create_app
    from core.settings import load_settings

    FILE.write_text(document_text(create_app(load_settings())), encoding="utf-8")


if __name__ == "__main__":
    _main()
