"""The content of a request as one document, in which the expressions of a source look up values."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from intake import exact_json
from intake.mapping.errors import UnmappedError
from intake.mapping.source import Source
from intake.received import Received

Document = dict[str, Any]


def message(source: Source, content: bytes, headers: Mapping[str, str]) -> Received:
    """The request that brought `content`, its body or query; header names are in lower case."""
    if source.payload == "query":
        return Received(b"", content.decode("utf-8", "replace").strip().removeprefix("?"), headers)
    return Received(content, "", headers)


def document(source: Source, received: Received) -> Document:
    """`body` (or the parameters of a query or form) and the `headers` that the source names.

    Raises `UnmappedError` if the request is not in the source's format.
    """
    body = _body(source, received)
    for path in source.json_within:
        _open(body, path.split("."))
    return {"body": body, "headers": {name: received.headers.get(name) for name in source.headers}}


def _body(source: Source, received: Received) -> Any:
    if source.payload == "query":
        return dict(parse_qsl(received.query, keep_blank_values=True))
    try:
        text = received.body.decode()
    except UnicodeDecodeError:
        raise UnmappedError("not_utf8", "the body is not valid UTF-8") from None
    if source.payload == "form":
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        return exact_json.loads(text)
    except ValueError as error:
        raise UnmappedError("not_json", f"the body is not JSON: {error}") from None


def _open(body: Any, path: list[str]) -> None:
    """Replace the text at `path`, which is JSON itself, with its value."""
    *folders, name = path
    for folder in folders:
        body = body.get(folder) if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(body.get(name), str) or not body[name]:
        return
    try:
        body[name] = exact_json.loads(body[name])
    except ValueError as error:
        raise UnmappedError("not_json", f"the text in {'.'.join(path)} is not JSON: {error}") from None
