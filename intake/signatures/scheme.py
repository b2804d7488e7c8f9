"""What all schemes share: the secrets they verify with, and the reasons why they refuse a request."""

import base64
import binascii
import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from core.errors import OrderpulseError
from intake.received import Received

Digest = Literal["sha256", "sha512"]
Reason = Literal["no_secret", "missing", "malformed", "wrong", "old", "no_key", "wrong_key"]

_MEANINGS: dict[Reason, str] = {
    "no_secret": "No secret is set for this source, so nothing can be verified. Set it with `orderpulse source secret`.",
    "missing": "The request has no signature where this source expects it.",
    "malformed": "The signature cannot be read.",
    "wrong": "The signature does not match: the secret differs, or the request was changed on its way.",
    "old": "The signature's time is too far from this machine's: an old message sent again, or a wrong clock.",
    "no_key": "The request has no `Authorization: Bearer KEY`.",
    "wrong_key": "The key differs from the one that is set.",
}


class SignatureError(OrderpulseError):
    """A request that is not verified. The text holds nothing of the request or the secret."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_MEANINGS[reason])
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a source is verified with: secrets, any of which may match (so that one can be replaced), and certificates (PEM)."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    certificates: bytes | None = field(default=None, repr=False)


class Scheme(BaseModel, ABC):
    """One way to sign."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:
        """Raise `SignatureError` unless the request is signed with one of the credentials."""


def mac(secret: str | bytes, message: bytes, digest: Digest = "sha256") -> bytes:
    """The HMAC (RFC 2104) of a message."""
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.digest(key, message, digest)


def require_match(given: bytes, expected: Iterable[bytes], otherwise: Reason = "wrong") -> None:
    """Raise `SignatureError` unless `given` is one of `expected`. Compares with all of them, whichever matches."""
    fits = [hmac.compare_digest(given, each) for each in expected]
    if not fits:
        raise SignatureError("no_secret")
    if not any(fits):
        raise SignatureError(otherwise)


def require_recent(signed_at_s: str, now: datetime, tolerance_s: float) -> None:
    """Raise `SignatureError` unless the Unix time is within `tolerance_s` seconds of `now`."""
    if not (signed_at_s.isascii() and signed_at_s.isdigit()):
        raise SignatureError("malformed")
    if len(signed_at_s) > 12 or abs(now.timestamp() - int(signed_at_s)) > tolerance_s:
        raise SignatureError("old")


def from_hex(text: str) -> bytes:
    """The bytes of hexadecimal digits. Raises `SignatureError`."""
    try:
        return binascii.unhexlify(text.strip())
    except ValueError:
        raise SignatureError("malformed") from None


def from_base64(text: str) -> bytes:
    """The bytes of base64 (RFC 4648, section 4). Raises `SignatureError`."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except ValueError:
        raise SignatureError("malformed") from None
