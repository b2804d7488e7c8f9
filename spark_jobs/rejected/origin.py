"""Where a rejected record comes from, by the headers that intake gives it.

Anybody with the right to write to the topic may set headers, so each is checked and bounded before it is stored.
"""

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
from spark_jobs.source import HEADERS_TYPE

ORIGIN_COLUMNS = ("source", "unmapped_reason", "source_headers")
MAX_HEADERS = 20
MAX_HEADER_BYTES = 4096
_SENT_PATTERN = f"^{SENT_HEADER}[a-z0-9_-]{{1,64}}$"


def origin(headers: Column, detail: Column) -> list[Column]:
    """`ORIGIN_COLUMNS` and `detail` of a record with these headers (Spark's array of `key` and `value`).

    `source_headers`, JSON, is set for a message from which its source made no event; then `detail` says why.
    """
    source = _text(headers, SOURCE_HEADER)
    named = F.when(F.regexp_like(source, F.lit(NAME_PATTERN)), source)
    told = _text(headers, REASON_HEADER)
    reason = F.when(named.isNotNull() & F.regexp_like(told, F.lit(REASON_PATTERN)), told)
    is_message = reason.isNotNull()
    why = F.substring(
        F.replace(_text(headers, DETAIL_HEADER), F.lit("\0"), F.lit("\ufffd")), 1, LONGEST_DETAIL
    )
    return [
        named.alias("source"),
        reason.alias("unmapped_reason"),
        F.when(is_message, _sent(headers)).alias("source_headers"),
        F.when(is_message, F.coalesce(why, detail)).otherwise(detail).alias("detail"),
    ]


def _text(headers: Column, name: str) -> Column:
    """The first header of that name; null if there is none."""
    found = F.filter(headers, lambda header: header["key"] == name)
    return F.make_valid_utf8(F.get(found, F.lit(0))["value"].cast("string"))


def _sent(headers: Column) -> Column:
    """The headers of the message itself: a JSON list of names and values."""
    usable = F.filter(
        headers,
        lambda header: (
            F.regexp_like(header["key"], F.lit(_SENT_PATTERN))
            & (F.octet_length(header["value"]) <= MAX_HEADER_BYTES)
        ),
    )
    pairs = F.transform(
        F.slice(F.coalesce(usable, F.array().cast(HEADERS_TYPE)), 1, MAX_HEADERS),
        lambda header: F.struct(
            F.substring(header["key"], len(SENT_HEADER) + 1, 64).alias("name"),
            F.make_valid_utf8(header["value"].cast("string")).alias("value"),
        ),
    )
    return F.to_json(pairs)
