"""HMACs over fields of a JSON body, in a field of that body: MoMo, ZaloPay."""

from datetime import datetime
from typing import Any, Literal

from intake import exact_json
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


class SignedFields(Scheme):
    """The signature covers `name=value&name=value...` of `fields` in their order, as MoMo's does.

    `key_field` is not a field of the body: its value is the public part of the credentials, which are written
    `PUBLIC:SECRET`. `signature` is the field that holds the signature (hexadecimal).
    """

    scheme: Literal["signed_fields"]
    fields: tuple[str, ...]
    key_field: str
    signature: str = "signature"
    digest: Digest = "sha256"

    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:  # noqa: ARG002
        """Compare the HMAC of the fields."""
        body = _json_object(received.body)
        given = _signature(body, self.signature)
        pairs = (secret.partition(":")[::2] for secret in credentials.secrets)
        require_match(
            given, (mac(secret, self.signed(body, public), self.digest) for public, secret in pairs)
        )

    def signed(self, body: dict[str, Any], public: str) -> bytes:
        """What the signature covers."""
        values = {**body, self.key_field: public}
        return "&".join(f"{name}={_text(values.get(name, ''))}" for name in self.fields).encode()


class SignedField(Scheme):
    """The signature covers the text of one field, as it is, as ZaloPay's does."""

    scheme: Literal["signed_field"]
    field: str
    signature: str
    digest: Digest = "sha256"

    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:  # noqa: ARG002
        """Compare the HMAC of the field."""
        body = _json_object(received.body)
        given, signed = _signature(body, self.signature), body.get(self.field)
        if not isinstance(signed, str):
            raise SignatureError("missing")
        message = signed.encode("utf-8", "surrogatepass")
        require_match(given, (mac(secret, message, self.digest) for secret in credentials.secrets))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        found = exact_json.loads(body)
    except ValueError:
        raise SignatureError("malformed") from None
    if not isinstance(found, dict):
        raise SignatureError("malformed")
    return found


def _signature(body: dict[str, Any], name: str) -> bytes:
    given = body.get(name)
    if not isinstance(given, str) or not given:
        raise SignatureError("missing")
    return from_hex(given)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
