"""Cursors of pages: opaque to clients, bound to the filters they were created with.

A cursor contains the position after the last row, a fingerprint of the filters and a checksum. It is not
secret and grants nothing; the checksum detects damaged cursors.
"""

import base64
import binascii
import json
from datetime import datetime
from hashlib import blake2b
from typing import Any

from pydantic import BaseModel

from api.edge.problems import ParameterError
from api.ranges import parse_instant

Position = tuple[Any, ...]
"""The key values after which the next page begins."""

Kinds = tuple[type, ...]
"""The types of those values: datetime, str or int."""

CHECKSUM_BYTES = 6
PAGING = {"cursor", "limit"}


def fingerprint(listing: str, filters: BaseModel) -> str:
    """A hash of a list's name and filters."""
    chosen = filters.model_dump(mode="json", exclude=PAGING, exclude_defaults=True)
    ordered = {name: sorted(value) if isinstance(value, list) else value for name, value in chosen.items()}
    return _digest(json.dumps([listing, ordered], sort_keys=True).encode())


def encode_cursor(position: Position, mark: str) -> str:
    """The cursor of `position` in the list with the fingerprint `mark`."""
    content = json.dumps(
        [mark, *position], separators=(",", ":"), ensure_ascii=False, default=_as_text
    ).encode()
    whole = bytes.fromhex(_digest(content)) + content
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def decode_cursor(cursor: str, mark: str, kinds: Kinds) -> Position:
    """The position in a cursor. Raises `ParameterError` if it is damaged or of another list."""
    try:
        whole = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refused("It is damaged") from None
    checksum, content = whole[:CHECKSUM_BYTES], whole[CHECKSUM_BYTES:]
    if checksum.hex() != _digest(content):
        raise _refused("It is damaged")
    try:
        found, *values = json.loads(content)
        position = tuple(_as(kind, value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError):
        raise _refused("It is not a cursor of this API") from None
    if found != mark:
        raise _refused("It belongs to other filters")
    return position


def _as_text(value: datetime) -> str:
    return value.isoformat()


def _as(kind: type, value: Any) -> Any:
    """`value` of a cursor as `kind`. Raises `ValueError` or `TypeError` if it is not one."""
    if kind is datetime:
        return parse_instant(value)
    if type(value) is not kind or "\0" in str(value):
        raise TypeError("not the content of this list's cursors")
    return value


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=CHECKSUM_BYTES).hexdigest()


def _refused(why: str) -> ParameterError:
    return ParameterError([("cursor", f"{why}; omit it to begin with the newest.")])
