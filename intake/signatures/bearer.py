"""A fixed key in `Authorization` (RFC 6750): for a shop's own programs."""

from datetime import datetime
from typing import Literal

from intake.received import Received
from intake.signatures.scheme import Credentials, Scheme, SignatureError, require_match


class Bearer(Scheme):
    """`Authorization: Bearer KEY`."""

    scheme: Literal["bearer"]

    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:  # noqa: ARG002
        """Compare the key."""
        key = bearer_key(received.headers.get("authorization", ""))
        require_match(key.encode(), (secret.encode() for secret in credentials.secrets), "wrong_key")


def bearer_key(header: str) -> str:
    """The key of an `Authorization` header. Raises `SignatureError` if there is none."""
    kind, _, key = header.partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise SignatureError("no_key")
    return key.strip()
