"""Cursors of pages: opaque to their readers, bound to the filters that they were made with.

A cursor holds the place after the last row, a fingerprint of the filters and a checksum. It is no
secret and gives no right; the checksum tells a cursor that was cut off from one that never was one.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from hashlib import blake2b

from pydantic import BaseModel

from api.problems import ParameterError

__all__ = ["Position", "decode_cursor", "encode_cursor", "fingerprint"]

Position = Sequence[str | int]
"""The place in a list after which the next page begins: the values of its key."""

CHECKSUM_BYTES = 6
PAGING = {"cursor", "limit"}


def fingerprint(listing: str, filters: BaseModel) -> str:
    """What tells one list from another: its name, and every filter on it."""
    chosen = filters.model_dump(mode="json", exclude=PAGING, exclude_defaults=True)
    ordered = {name: sorted(value) if isinstance(value, list) else value for name, value in chosen.items()}
    return _digest(json.dumps([listing, ordered], sort_keys=True).encode())


def encode_cursor(position: Position, mark: str) -> str:
    """The cursor of `position` in the list with the fingerprint `mark`."""
    content = json.dumps([mark, *position], separators=(",", ":"), ensure_ascii=False).encode()
    whole = bytes.fromhex(_digest(content)) + content
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def decode_cursor(cursor: str, mark: str) -> Position:
    """The position in a cursor. Raises `ParameterError` where it is damaged or of another list."""
    try:
        whole = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refused("It is damaged") from None
    checksum, content = whole[:CHECKSUM_BYTES], whole[CHECKSUM_BYTES:]
    if not content or checksum.hex() != _digest(content):
        raise _refused("It is damaged")
    found, *position = json.loads(content)
    if found != mark:
        raise _refused("It belongs to other filters")
    return tuple(position)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=CHECKSUM_BYTES).hexdigest()


def _refused(why: str) -> ParameterError:
    return ParameterError([("cursor", f"{why}; leave it out to begin with the newest.")])
