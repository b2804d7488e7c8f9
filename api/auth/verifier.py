"""Verifies a token: encoding, header, signature, claims."""

import json
from typing import Any

import jwt
from jwt.utils import base64url_decode, base64url_encode

from api.auth.caller import Caller, scopes_of
from api.auth.keys import KeySource, VerificationKey
from core.errors import OrderpulseError

MAX_TOKEN = 8192
"""In characters; proxies accept headers up to about this length."""

LEEWAY_S = 10.0
"""Tolerance for the clocks of two machines."""

KNOWN_HEADERS = {"alg", "typ", "kid", "x5t", "x5t#S256"}
"""A token that contains or references a key (`jwk`, `jku`, `x5u`, `x5c`), or that requires
extensions (`crit`, `b64`, `zip`), is refused: RFC 8725, sections 3.9 and 3.10."""

TYPES = {"jwt", "at+jwt", "application/jwt", "application/at+jwt"}

TIMES = ("exp", "nbf", "iat")
LATEST = 253_402_300_799
"""The end of the year 9999 in Unix time. A time in milliseconds is later, and such a token would never expire."""

WHY: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.InvalidIssuerError: "the token is from another issuer",
    jwt.InvalidSignatureError: "the signature is wrong",
    jwt.InvalidAlgorithmError: "the token is signed by an algorithm that is not accepted here",
}

UNEXPECTED = (ArithmeticError, RecursionError, TypeError, ValueError)
"""What the library raises for unexpected JSON (deep nesting, an infinite number)."""


class TokenRefusedError(OrderpulseError):
    """A token is not accepted. The text is the reason, without any content of the token."""


class TokenVerifier:
    """Verifies tokens by keys, issuer and audience."""

    def __init__(self, source: KeySource, *, issuer: str, audience: str) -> None:
        self._source = source
        self._issuer = issuer
        self._audience = audience

    def verify(self, token: str) -> Caller:
        """The caller to whom the token was issued. Raises `TokenRefusedError`."""
        if len(token) > MAX_TOKEN:
            raise TokenRefusedError("the token is too long")
        try:
            _check_spelling(token)
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
            _check_times(claims)
        except jwt.MissingRequiredClaimError as error:
            raise TokenRefusedError(f"the token lacks the claim {error.claim}") from None
        except (jwt.PyJWTError, *UNEXPECTED) as error:
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


def _check_spelling(token: str) -> None:
    """Raise `ValueError` if a token is not encoded as RFC 7515 requires; the library would accept it.

    Each part is base64url without padding, in its one canonical form (section 2), and header and claims are JSON in
    UTF-8 (section 3).
    """
    parts = [(part, base64url_decode(part)) for part in token.split(".")]
    if any(base64url_encode(content).decode() != part for part, content in parts):
        raise ValueError("not canonical base64url")
    for _, content in parts[:2]:
        json.loads(content.decode("utf-8"))


def _check_times(claims: dict[str, Any]) -> None:
    """Raise `ValueError` if a time is not a number (RFC 7519, section 2: NumericDate) or out of range."""
    for name in TIMES:
        value = claims.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
            raise ValueError(f"{name} is not a valid time")
