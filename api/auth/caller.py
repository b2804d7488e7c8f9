"""The one who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

__all__ = ["ANYONE", "NOBODY", "SCOPES", "Caller", "Scope", "scopes_of"]

Scope = Literal["read", "operate"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, what they may do, and until when (Unix time; None: no end)."""

    subject: str | None
    scopes: frozenset[Scope]
    expires_at: float | None = None


ANYONE = Caller(None, frozenset(SCOPES))
"""Whoever asks while no tokens are demanded."""

NOBODY = Caller(None, frozenset())
"""Whoever asks without a usable token where one is demanded."""


def scopes_of(claims: Mapping[str, Any]) -> frozenset[Scope]:
    """The scopes that a token's claims grant, of those that exist here.

    From `scope`, a string with spaces between (RFC 8693, section 4.2), and from `scp`, the same or a list.
    """
    scope, scp = claims.get("scope"), claims.get("scp")
    granted = {each for each in scp if isinstance(each, str)} if isinstance(scp, list) else set()
    for value in (scope, scp):
        if isinstance(value, str):
            granted.update(value.split())
    return frozenset(scope for scope in SCOPES if scope in granted)
