"""HMACs over the body and a time, so that an old message cannot be sent again: Stripe, Standard Webhooks."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from intake.received import Received
from intake.signatures.scheme import (
    Credentials,
    Scheme,
    SignatureError,
    from_base64,
    from_hex,
    mac,
    require_match,
    require_recent,
)

TOLERANCE_S = 300.0
SECRET_PREFIX = "whsec_"  # noqa: S105  # how such a secret begins, in both schemes


class Stripe(Scheme):
    """`Stripe-Signature: t=TIME,v1=HEX`; several `v1` while the secret is being replaced. Covers `TIME.BODY`."""

    scheme: Literal["stripe"]
    header: str = "stripe-signature"
    tolerance_s: float = Field(TOLERANCE_S, gt=0)

    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:
        """Compare each `v1` with the HMAC of time and body."""
        header = received.headers.get(self.header.lower())
        if not header:
            raise SignatureError("missing")
        parts = [part.partition("=")[::2] for part in header.split(",")]
        times = [value.strip() for name, value in parts if name.strip() == "t"]
        given = [from_hex(value) for name, value in parts if name.strip() == "v1"]
        if len(times) != 1 or not given:
            raise SignatureError("malformed")
        message = times[0].encode() + b"." + received.body
        _require_any(given, [mac(secret, message) for secret in credentials.secrets])
        require_recent(times[0], now, self.tolerance_s)


class StandardWebhooks(Scheme):
    """https://www.standardwebhooks.com: `webhook-signature: v1,BASE64 ...` over `ID.TIME.BODY`.

    The secret is `whsec_` and a key in base64.
    """

    scheme: Literal["standard_webhooks"]
    header_prefix: str = "webhook-"
    tolerance_s: float = Field(TOLERANCE_S, gt=0)

    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:
        """Compare each `v1` with the HMAC of id, time and body."""
        prefix = self.header_prefix.lower()
        names = ("id", "timestamp", "signature")
        found = [received.headers.get(prefix + name, "") for name in names]
        if not all(found):
            raise SignatureError("missing")
        message_id, signed_at_s, signatures = found
        given = [from_base64(each[3:]) for each in signatures.split() if each.startswith("v1,")]
        if not given:
            raise SignatureError("malformed")
        message = f"{message_id}.{signed_at_s}.".encode() + received.body
        keys = [from_base64(secret.removeprefix(SECRET_PREFIX)) for secret in credentials.secrets]
        _require_any(given, [mac(key, message) for key in keys])
        require_recent(signed_at_s, now, self.tolerance_s)


def _require_any(given: list[bytes], expected: list[bytes]) -> None:
    """Raise `SignatureError` unless one of `given` is one of `expected`."""
    errors = []
    for each in given:
        try:
            require_match(each, expected)
        except SignatureError as error:
            errors.append(error)
    if len(errors) == len(given):
        raise errors[0]
