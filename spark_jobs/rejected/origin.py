"""Where a rejected record comes from, by the headers that intake gives it.

Anybody with the right to write to the topic may set headers, so each is checked and bounded before it is stored.
"""

import json
import re
from typing import Any

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F

from core.sources import (
    DETAIL_HEADER,
    LONGEST_DETAIL,
    NAME_PATTERN,
    REASON_HEADER,
    REASON_PATTERN,
    SENT_HEADER,
    SOURCE_HEADER,
)

ORIGIN_COLUMNS = ("source", "unmapped_reason", "source_headers")
_OWN = (SOURCE_HEADER, REASON_HEADER, DETAIL_HEADER)
_SENT = re.compile(f"{SENT_HEADER}([a-z0-9_-]{{1,64}})")
_USED = rf"\A(?:{'|'.join(_OWN)}|{_SENT.pattern})\z"
MAX_HEADERS = 20
"""Of a message that are stored."""

MAX_HEADER_BYTES = 4096
"""Of a value; a longer one is ignored."""


def bounded(headers: Column) -> Column:
    """What `with_origin` may use of a record's headers (array of `key` and `value`)."""
    used = F.filter(
        headers,
        lambda header: header["key"].rlike(_USED) & (F.octet_length(header["value"]) <= MAX_HEADER_BYTES),
    )
    return F.slice(used, 1, len(_OWN) + MAX_HEADERS)


def with_origin(rejected: pa.Table) -> pa.Table:
    """`rejected` with `ORIGIN_COLUMNS` in place of `headers` (see `bounded`).

    `source_headers`, JSON, is set for a message from which its source made no event; then `detail` says why.
    """
    origins = [
        _origin(headers or [], detail)
        for headers, detail in zip(
            rejected["headers"].to_pylist(), rejected["detail"].to_pylist(), strict=True
        )
    ]
    told = rejected.drop_columns(["headers", "detail"])
    for name in (*ORIGIN_COLUMNS, "detail"):
        told = told.append_column(name, pa.array([origin[name] for origin in origins], pa.string()))
    return told


def _origin(headers: list[dict[str, Any]], detail: str | None) -> dict[str, str | None]:
    found = {name: _text(headers, name) for name in _OWN}
    source, reason = found[SOURCE_HEADER], found[REASON_HEADER]
    if source is None or not _matches(NAME_PATTERN, source):
        return {**dict.fromkeys(ORIGIN_COLUMNS), "detail": detail}
    if reason is None or not _matches(REASON_PATTERN, reason):
        return {"source": source, "unmapped_reason": None, "source_headers": None, "detail": detail}
    why = found[DETAIL_HEADER]
    return {
        "source": source,
        "unmapped_reason": reason,
        "source_headers": _sent(headers),
        "detail": detail if why is None else why.replace("\0", "\ufffd")[:LONGEST_DETAIL],
    }


def _text(headers: list[dict[str, Any]], name: str) -> str | None:
    """The first header of that name."""
    values = (header["value"] for header in headers if header["key"] == name)
    value = next(values, None)
    return None if value is None else value.decode("utf-8", "replace")


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern.removesuffix("$"), text) is not None


def _sent(headers: list[dict[str, Any]]) -> str:
    """The headers of the message itself: a JSON list of names and values."""
    pairs = [
        {"name": sent[1], "value": header["value"].decode("utf-8", "replace")}
        for header in headers
        if (sent := _SENT.fullmatch(header["key"]))
    ]
    return json.dumps(pairs[:MAX_HEADERS], ensure_ascii=False, separators=(",", ":"))
