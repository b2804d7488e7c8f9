"""The caller of a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Scope = Literal["read", "operate"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Subject, scopes and expiry (Unix time; None: never) of a request's caller."""

    subject: str | None
    scopes: frozenset[Scope]
    expires_at: float | None = None


ANYONE = Caller(None, frozenset(SCOPES))
"""The caller while no tokens are required."""

NOBODY = Caller(None, frozenset())
"""The caller without a valid token if one is required."""


def scopes_of(claims: Mapping[str, Any]) -> frozenset[Scope]:
    """The known scopes in a token's claims.

    From `scope`, a space-separated string (RFC 8693, section 4.2), and from `scp`, the same or a list.
    """
    scope, scp = claims.get("scope"), claims.get("scp")
    granted = {each for each in scp if isinstance(each, str)} if isinstance(scp, list) else set()
    for value in (scope, scp):
        if isinstance(value, str):
            granted.update(value.split())
    return frozenset(scope for scope in SCOPES if scope in granted)
