"""An HMAC over the body, in a header: Shopify, WooCommerce and many others."""

from datetime import datetime
from typing import Literal

from intake.received import Received
from intake.signatures.scheme import (
    Credentials,
    Digest,
    Scheme,
    SignatureError,
    from_base64,
    from_hex,
    mac,
    require_match,
)


class HmacBody(Scheme):
    """`prefix` stands before the signature, such as `sha256=`."""

    scheme: Literal["hmac_body"]
    header: str
    digest: Digest = "sha256"
    encoding: Literal["base64", "hex"] = "base64"
    prefix: str = ""

    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:  # noqa: ARG002
        """Compare the HMAC of the body."""
        text = received.headers.get(self.header.lower())
        if not text:
            raise SignatureError("missing")
        if not text.startswith(self.prefix):
            raise SignatureError("malformed")
        decode = from_base64 if self.encoding == "base64" else from_hex
        given = decode(text.removeprefix(self.prefix))
        require_match(given, (mac(secret, received.body, self.digest) for secret in credentials.secrets))
