"""Conditional answers: whoever has the same content already gets a 304 (RFC 9110, sections 8.8 and 13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

__all__ = ["Tagged", "conditional", "tagged"]


@dataclass(frozen=True, slots=True)
class Tagged:
    """An answer's JSON, and the weak ETag of its content."""

    body: str
    tag: str


def tagged(answer: BaseModel, clock: Mapping[str, Any]) -> Tagged:
    """`answer`, ready to be sent.

    `clock`: the fields, as pydantic's `exclude` has them, that only tell the time of the question. They are
    no part of the tag, so the tag stays as long as the numbers do.
    """
    content = answer.model_dump_json(exclude=dict(clock))
    tag = f'W/"{blake2b(content.encode(), digest_size=12).hexdigest()}"'
    return Tagged(answer.model_dump_json(), tag)


def conditional(request: Request, answer: Tagged) -> Response:
    """The answer, or 304 without a body."""
    headers = {"ETag": answer.tag, "Cache-Control": "no-cache"}
    if _has(request.headers.get("If-None-Match", ""), answer.tag):
        return Response(status_code=304, headers=headers)
    return Response(answer.body, headers=headers, media_type="application/json")


def _has(if_none_match: str, tag: str) -> bool:
    """Weak comparison with each of the caller's tags."""
    opaque = tag.removeprefix("W/")
    given = (each.strip() for each in if_none_match.split(","))
    return any(each == "*" or each.removeprefix("W/") == opaque for each in given)
