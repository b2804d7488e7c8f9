"""Conditional answers: whoever has the same content already gets a 304 (RFC 9110, sections 8.8 and 13)."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

__all__ = ["conditional"]


def conditional(request: Request, answer: BaseModel, clock: Mapping[str, Any]) -> Response:
    """`answer` as JSON with a weak ETag, or 304 without a body.

    `clock`: the fields, as pydantic's `exclude` has them, that only tell the time of the question. They are
    no part of the tag, so the tag stays as long as the numbers do.
    """
    content = answer.model_dump_json(exclude=dict(clock))
    tag = f'W/"{blake2b(content.encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if _has(request.headers.get("If-None-Match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(answer.model_dump_json(), headers=headers, media_type="application/json")


def _has(if_none_match: str, tag: str) -> bool:
    """Weak comparison with each of the caller's tags."""
    opaque = tag.removeprefix("W/")
    given = (each.strip() for each in if_none_match.split(","))
    return any(each == "*" or each.removeprefix("W/") == opaque for each in given)
