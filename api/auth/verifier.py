"""Judges a token: its header, its signature, its claims."""

from typing import Any

import jwt

from api.auth.caller import Caller, scopes_of
from api.auth.keys import KeySource, VerificationKey
from core.errors import OrderpulseError

__all__ = ["TokenRefusedError", "TokenVerifier"]

LONGEST_TOKEN = 8192
"""Characters; what a browser sends as one header passes every proxy up to about here."""

LEEWAY_S = 10.0
"""Clocks of two machines differ."""

KNOWN_HEADERS = {"alg", "typ", "kid", "x5t", "x5t#S256"}
"""A token that brings its own key or says where to fetch one (`jwk`, `jku`, `x5u`, `x5c`), or that demands
extensions (`crit`, `b64`, `zip`), is refused: RFC 8725, sections 3.9 and 3.10."""

TYPES = {"jwt", "at+jwt", "application/jwt", "application/at+jwt"}

WHY: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.InvalidIssuerError: "the token is from another issuer",
    jwt.InvalidSignatureError: "the signature is wrong",
    jwt.InvalidAlgorithmError: "the token is signed by an algorithm that is not accepted here",
}

UNFORESEEN = (ArithmeticError, RecursionError, TypeError, ValueError)
"""What JSON that nobody expects (deep nesting, an infinite number) makes the library raise."""


class TokenRefusedError(OrderpulseError):
    """A token is not accepted. The text says why in words that hold nothing of the token itself."""


class TokenVerifier:
    """Knows the keys, the issuer and the audience."""

    def __init__(self, source: KeySource, *, issuer: str, audience: str) -> None:
        self._source = source
        self._issuer = issuer
        self._audience = audience

    def verify(self, token: str) -> Caller:
        """Whose token it is. Raises `TokenRefusedError`."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefusedError("the token is too long")
        try:
            key = self._key(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.MissingRequiredClaimError as error:
            raise TokenRefusedError(f"the token lacks the claim {error.claim}") from None
        except (jwt.PyJWTError, *UNFORESEEN) as error:
            raise TokenRefusedError(WHY.get(type(error), "the token is malformed")) from None
        return Caller(claims.get("sub"), scopes_of(claims), float(claims["exp"]) + LEEWAY_S)

    def _key(self, header: dict[str, Any]) -> VerificationKey:
        if unknown := sorted(set(header) - KNOWN_HEADERS):
            names = ", ".join(name for name in unknown if name.isascii() and name.isalnum()) or "unknown ones"
            raise TokenRefusedError(f"the token's header has parameters that are not accepted: {names}"[:200])
        kind = header.get("typ", "JWT")
        if not isinstance(kind, str) or kind.lower() not in TYPES:
            raise TokenRefusedError("the token is of another type")
        keys = self._source.keys()
        name = header.get("kid")
        named = [key for key in keys if name is None or key.key_id in (None, name)]
        if not named:
            raise TokenRefusedError("the token is signed by a key that is not known here")
        fitting = [key for key in named if key.algorithm == header.get("alg")]
        if not fitting:
            raise TokenRefusedError("the token is signed by an algorithm that is not accepted here")
        if len(fitting) > 1:
            raise TokenRefusedError("the token does not name its key (`kid`), and there are several")
        return fitting[0]
