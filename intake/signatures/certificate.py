"""An RSA signature by the sender's certificate: PayPal.

PayPal sends the address of its certificate in a header. This process connects to nothing but Kafka, and an address in
an unverified request cannot be trusted, so the shop provides the certificate.
"""

import zlib
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from intake.received import Received
from intake.signatures.scheme import Credentials, Scheme, SignatureError, from_base64

ALGORITHM = "SHA256withRSA"


class Certificate(Scheme):
    """The signature covers `ID|TIME|WEBHOOK|CRC32 of the body`. WEBHOOK is the id of the webhook, the source's secret."""

    scheme: Literal["certificate"]
    header_prefix: str = "paypal-"

    def verify(self, received: Received, credentials: Credentials, now: datetime) -> None:
        """Verify with each certificate that is valid now."""
        prefix = self.header_prefix.lower()
        names = ("transmission-id", "transmission-time", "transmission-sig", "auth-algo")
        found = [received.headers.get(prefix + name, "") for name in names]
        if not all(found):
            raise SignatureError("missing")
        sent_id, sent_at, signature, algorithm = found
        if algorithm != ALGORITHM:
            raise SignatureError("malformed")
        keys = _keys(credentials.certificates, now)
        if not credentials.secrets or not keys:
            raise SignatureError("no_secret")
        checksum = zlib.crc32(received.body)
        messages = [f"{sent_id}|{sent_at}|{webhook}|{checksum}".encode() for webhook in credentials.secrets]
        given = from_base64(signature)
        if not any(_fits(key, given, message) for key in keys for message in messages):
            raise SignatureError("wrong")


def _keys(certificates: bytes | None, now: datetime) -> list[RSAPublicKey]:
    """The keys of the certificates that are valid now and are not an authority's."""
    if not certificates:
        return []
    try:
        found = x509.load_pem_x509_certificates(certificates)
    except ValueError:
        return []
    return [
        key
        for each in found
        if each.not_valid_before_utc <= now <= each.not_valid_after_utc and not _is_authority(each)
        if isinstance(key := each.public_key(), RSAPublicKey)
    ]


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _fits(key: RSAPublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
