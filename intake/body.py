"""The body of a request, within limits of size and time, unpacked."""

import asyncio
import zlib

from fastapi import Request
from starlette.requests import ClientDisconnect

from intake.problems import ProblemError

LONGEST_UPLOAD_S = 15.0
GZIP_WINDOW = 31
"""zlib's `wbits` for the gzip format."""


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The body, decompressed if it is gzip. Raises `ProblemError`: too large, too slow, not gzip."""
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise ProblemError(415, "unsupported_encoding", "A body may be compressed with gzip only.")
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > most_bytes:
        raise _too_large(most_bytes)
    try:
        async with asyncio.timeout(LONGEST_UPLOAD_S):
            raw = await _collected(request, most_bytes)
    except TimeoutError:
        raise ProblemError(
            408, "too_slow", f"The body did not arrive within {LONGEST_UPLOAD_S:.0f} s."
        ) from None
    except ClientDisconnect:
        raise ProblemError(400, "cut_off", "The connection ended before the body did.") from None
    return unpacked(raw, most_bytes) if encoding == "gzip" else raw


def unpacked(compressed: bytes, most_bytes: int) -> bytes:
    """The decompressed body. Raises `ProblemError` if it is larger than `most_bytes`, or not gzip."""
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    try:
        content = unpacker.decompress(compressed, most_bytes + 1)
    except zlib.error:
        raise ProblemError(400, "bad_gzip", "`Content-Encoding` is gzip, but the body is not gzip.") from None
    if len(content) > most_bytes:
        raise _too_large(most_bytes)
    if not unpacker.eof or unpacker.unused_data:
        raise ProblemError(400, "bad_gzip", "The gzip data is cut off, or something follows it.")
    return content


async def _collected(request: Request, most_bytes: int) -> bytes:
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > most_bytes:
            raise _too_large(most_bytes)
        parts.append(part)
    return b"".join(parts)


def _too_large(most_bytes: int) -> ProblemError:
    return ProblemError(413, "too_large", f"A body may have up to {most_bytes:,} bytes, once decompressed.")
