"""What the OpenAPI documents of the API and of intake have in common."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # most processes that import core serve no HTTP
    from fastapi import FastAPI

Document = dict[str, Any]


def complete_document(app: "FastAPI", completed: Callable[[Document], Document]) -> None:
    """Serve `completed` of FastAPI's document instead of it; it is made at the first request."""
    plain = app.openapi
    made: list[Document] = []

    def complete() -> Document:
        if not made:
            made.append(completed(plain()))
        return made[0]

    # FastAPI's documented way to change the document.
    app.openapi = complete  # type: ignore[method-assign]


def document_text(app: "FastAPI") -> str:
    """The document as it is committed."""
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
