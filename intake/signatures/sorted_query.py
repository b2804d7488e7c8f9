"""An HMAC over the sorted parameters of the query: VNPay."""

from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, quote_plus

from intake.received import Received
from intake.signatures.scheme import (
    Credentials,
    Digest,
    Scheme,
    SignatureError,
    from_hex,
    mac,
    require_match,
)


class SortedQuery(Scheme):
    """The signature covers the parameters whose names begin with `prefix`, sorted by name and encoded as in a form.

    `parameter` holds the signature (hexadecimal); it and `left_out` are not signed.
    """

    scheme: Literal["sorted_query"]
    parameter: str
    left_out: tuple[str, ...] = ()
    prefix: str = ""
    digest: Digest = "sha512"

    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:  # noqa: ARG002
        """Compare the HMAC of the sorted parameters."""
        pairs = parse_qsl(received.query, keep_blank_values=True)
        given = [value for name, value in pairs if name == self.parameter]
        if not given:
            raise SignatureError("missing")
        if len({name for name, _ in pairs}) != len(pairs):
            raise SignatureError("malformed")  # it would be unclear which of two values counts
        message = self.signed(pairs)
        require_match(
            from_hex(given[0]), (mac(secret, message, self.digest) for secret in credentials.secrets)
        )

    def signed(self, pairs: list[tuple[str, str]]) -> bytes:
        """What the signature covers."""
        covered = [
            (name, value)
            for name, value in sorted(pairs)
            if name.startswith(self.prefix) and name not in (self.parameter, *self.left_out)
        ]
        return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in covered).encode()
