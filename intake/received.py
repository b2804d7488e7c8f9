"""A request as it came, apart from HTTP: what signatures and mappings are computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Received:
    """`query` is the part of the address after `?`, still encoded; header names are in lower case."""

    body: bytes = b""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
