"""The keys that tokens are verified with. The kind of a key fixes its algorithm; a token has no say."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from core.errors import SettingsError
from core.logging import get_logger

__all__ = ["FileKeys", "KeySource", "SharedSecret", "VerificationKey", "read_jwks", "read_pem"]

LEAST_RSA_BITS = 2048
"""RFC 7518, section 3.3."""

Keys = Sequence["VerificationKey"]
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key, the one algorithm it is used with, and its name in a set."""

    algorithm: str
    key: RSAPublicKey | Ed25519PublicKey | bytes = field(repr=False)
    key_id: str | None = None


class KeySource(Protocol):
    """Where keys come from."""

    def keys(self) -> Keys:
        """The keys that hold now; at least one."""


class SharedSecret:
    """A secret for HS256, which whoever makes tokens has as well."""

    def __init__(self, secret: bytes) -> None:
        self._keys = (VerificationKey("HS256", secret),)

    def keys(self) -> Keys:
        """The one key."""
        return self._keys


class FileKeys:
    """Public keys in a file, which is read again when it changes. Raises `SettingsError` where it is unusable.

    A file that turns unusable while the process runs (half written, say) leaves the keys as they were.
    """

    def __init__(self, path: Path, read: Callable[[Path], Keys]) -> None:
        self._path = path
        self._read = read
        self._sign = self._look()
        self._keys = read(path)

    def keys(self) -> Keys:
        """The keys of the file as it is now."""
        sign = self._look()
        if sign != self._sign:
            self._sign = sign
            try:
                self._keys = self._read(self._path)
                log.info("auth.keys_changed", file=str(self._path), keys=len(self._keys))
            except SettingsError as error:
                log.error("auth.keys_unusable", error=str(error))
        return self._keys

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def read_pem(path: Path) -> Keys:
    """The public key in a PEM file. Raises `SettingsError` that says what is in it instead."""
    content = _content(path)
    if b"PRIVATE KEY" in content:
        raise SettingsError(f"{path} holds a private key; the API must have the public one only.")
    try:
        return (_verification_key(load_pem_public_key(content), None),)
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"{path} is no public key in PEM (BEGIN PUBLIC KEY), RSA or Ed25519.") from None


def read_jwks(path: Path) -> Keys:
    """The signature keys of a JWK Set (RFC 7517). Raises `SettingsError` where there is none, or a secret one.

    Keys for encryption, or of kinds that are not used here, are left out.
    """
    try:
        entries = json.loads(_content(path))["keys"]
        found = [key for entry in entries if (key := _from_jwk(entry, path)) is not None]
    except (ValueError, TypeError, KeyError, AttributeError, jwt.InvalidKeyError) as error:
        raise SettingsError(f"{path} is no usable JWK Set: {error}.") from None
    names = [key.key_id for key in found]
    if not found:
        raise SettingsError(f"{path} holds no key for RS256 or EdDSA (Ed25519).")
    if len(found) > 1 and (None in names or len(set(names)) < len(names)):
        raise SettingsError(f"{path} holds several keys, so each needs a `kid` of its own.")
    return found


def _from_jwk(entry: dict[str, Any], path: Path) -> VerificationKey | None:
    kind, purpose = entry.get("kty"), entry.get("use", "sig")
    if kind == "oct" or "d" in entry:
        raise SettingsError(f"{path} holds a secret or private key; the API must have public ones only.")
    if purpose != "sig" or (kind, entry.get("crv", "Ed25519")) not in (
        ("RSA", "Ed25519"),
        ("OKP", "Ed25519"),
    ):
        return None
    algorithm = jwt.algorithms.RSAAlgorithm if kind == "RSA" else jwt.algorithms.OKPAlgorithm
    key = _verification_key(algorithm.from_jwk(entry), entry.get("kid"))
    return key if entry.get("alg", key.algorithm) == key.algorithm else None


def _verification_key(key: object, key_id: str | None) -> VerificationKey:
    if isinstance(key, Ed25519PublicKey):
        return VerificationKey("EdDSA", key, key_id)
    if isinstance(key, RSAPublicKey):
        if key.key_size < LEAST_RSA_BITS:
            raise SettingsError(
                f"The RSA key has {key.key_size} bits; RS256 needs at least {LEAST_RSA_BITS}."
            )
        return VerificationKey("RS256", key, key_id)
    raise ValueError("neither RSA nor Ed25519")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The keys for tokens cannot be read: {path}: {error.strerror}.") from None
