"""Conditional responses: a client that already has the content gets a 304 (RFC 9110, sections 8.8 and 13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Tagged:
    """A response's JSON, and the weak ETag of its content."""

    body: str
    tag: str


def tagged(answer: BaseModel, clock: Mapping[str, Any]) -> Tagged:
    """`answer` as JSON with its tag.

    `clock`: the fields, as in pydantic's `exclude`, that only depend on the time of the request. The tag
    ignores them, so it changes only with the numbers.
    """
    content = answer.model_dump_json(exclude=dict(clock))
    tag = f'W/"{blake2b(content.encode(), digest_size=12).hexdigest()}"'
    return Tagged(answer.model_dump_json(), tag)


def conditional(request: Request, answer: Tagged) -> Response:
    """The response, or 304 without a body."""
    headers = {"ETag": answer.tag, "Cache-Control": "no-cache"}
    if _has(request.headers.get("If-None-Match", ""), answer.tag):
        return Response(status_code=304, headers=headers)
    return Response(answer.body, headers=headers, media_type="application/json")


def _has(if_none_match: str, tag: str) -> bool:
    """Weak comparison with each of the caller's tags."""
    opaque = tag.removeprefix("W/")
    given = (each.strip() for each in if_none_match.split(","))
    return any(each == "*" or each.removeprefix("W/") == opaque for each in given)
