"""A private certificate authority: creates keys and signs the servers' certificates.

ECDSA on P-256 with SHA-256; extensions by RFC 5280. Bytes in, bytes out: `stack.secure.certificates` handles
the files.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
SERVER_DAYS = 365
CLOCK_TOLERANCE = timedelta(minutes=5)
"""A certificate is valid from a little before its creation: other machines' clocks may be behind."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @staticmethod
    def read(pem: bytes) -> "Pair":
        """The pair in a PEM file from `to_pem`. Raises `ValueError` if there is none."""
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not an elliptic curve key")  # noqa: TRY004  # the file's content is wrong
        return Pair(key, x509.load_pem_x509_certificate(pem))

    def to_pem(self) -> bytes:
        """Key (PKCS #8) and certificate in one text, so that one rename replaces both."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + self.public_pem()

    def public_pem(self) -> bytes:
        """Only the certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates of servers with its own pair."""

    pair: Pair

    @staticmethod
    def make() -> "Authority":
        """A new authority with a unique name, to distinguish old and new during a rotation."""
        key, serial = ec.generate_private_key(ec.SECP256R1()), x509.random_serial_number()
        name = _named(f"orderpulse authority {serial:x}"[:40])
        builder = (
            _builder(key, name, name, AUTHORITY_DAYS)
            .serial_number(serial)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        return Authority(Pair(key, builder.sign(key, hashes.SHA256())))

    def issue(self, name: str, hosts: Iterable[str], *, also_client: bool = False) -> Pair:
        """A server's new key and certificate for `hosts` (names and addresses).

        `also_client`: the certificate is also valid for a client.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH]
        purposes += [ExtendedKeyUsageOID.CLIENT_AUTH] if also_client else []
        signer = self.pair.key.public_key()
        builder = (
            _builder(key, _named(name), self.pair.certificate.subject, SERVER_DAYS)
            .serial_number(x509.random_serial_number())
            .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
        )
        return Pair(key, builder.sign(self.pair.key, hashes.SHA256()))


def names_of(certificate: x509.Certificate) -> list[str]:
    """The host names and addresses in a certificate."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(entry.value) for entry in extension.value]


def _builder(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, issuer: x509.Name, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
