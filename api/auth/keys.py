"""The keys that verify tokens. The key type determines the algorithm; a token cannot choose it."""

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

MIN_RSA_BITS = 2048
"""RFC 7518, section 3.3."""

Keys = Sequence["VerificationKey"]
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key, its one algorithm, and its id in a set."""

    algorithm: str
    key: RSAPublicKey | Ed25519PublicKey | bytes = field(repr=False)
    key_id: str | None = None


class KeySource(Protocol):
    """A source of keys."""

    def keys(self) -> Keys:
        """The current keys; at least one."""


class SharedSecret:
    """A secret for HS256, shared with the token issuer."""

    def __init__(self, secret: bytes) -> None:
        self._keys = (VerificationKey("HS256", secret),)

    def keys(self) -> Keys:
        """The one key."""
        return self._keys


class FileKeys:
    """Public keys in a file, which is read again when it changes. Raises `SettingsError` if it is invalid.

    If the file becomes invalid while the process runs (half written, for instance), the old keys stay.
    """

    def __init__(self, path: Path, read: Callable[[Path], Keys]) -> None:
        self._path = path
        self._read = read
        self._sign = self._look()
        self._keys = read(path)

    def keys(self) -> Keys:
        """The current keys in the file."""
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
    """The public key in a PEM file. Raises `SettingsError` that names its actual content."""
    content = _content(path)
    if b"PRIVATE KEY" in content:
        raise SettingsError(f"{path} contains a private key; give the API only the public one.")
    try:
        return (_verification_key(load_pem_public_key(content), None),)
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(
            f"{path} is not a public key in PEM (BEGIN PUBLIC KEY), RSA or Ed25519."
        ) from None


def read_jwks(path: Path) -> Keys:
    """The signature keys of a JWK Set (RFC 7517). Raises `SettingsError` if there is none, or if one is secret.

    Keys for other uses (`use`, `key_ops`) or of unsupported types are left out.
    """
    try:
        entries = json.loads(_content(path))["keys"]
        found = [key for entry in entries if (key := _from_jwk(entry, path)) is not None]
    except (ValueError, TypeError, KeyError, AttributeError, jwt.InvalidKeyError) as error:
        raise SettingsError(f"{path} is not a valid JWK Set: {error}.") from None
    names = [key.key_id for key in found]
    if not found:
        raise SettingsError(f"{path} contains no key for RS256 or EdDSA (Ed25519).")
    if len(found) > 1 and (None in names or len(set(names)) < len(names)):
        raise SettingsError(f"{path} contains several keys, so each needs its own `kid`.")
    return found


def _from_jwk(entry: dict[str, Any], path: Path) -> VerificationKey | None:
    kind = entry.get("kty")
    if kind == "oct" or "d" in entry:
        raise SettingsError(f"{path} contains a secret or private key; give the API only public ones.")
    if not _verifies(entry) or (kind, entry.get("crv", "Ed25519")) not in (
        ("RSA", "Ed25519"),
        ("OKP", "Ed25519"),
    ):
        return None
    algorithm = jwt.algorithms.RSAAlgorithm if kind == "RSA" else jwt.algorithms.OKPAlgorithm
    key = _verification_key(algorithm.from_jwk(entry), entry.get("kid"))
    return key if entry.get("alg", key.algorithm) == key.algorithm else None


def _verifies(entry: dict[str, Any]) -> bool:
    """Whether a key may verify signatures, by its `use` and `key_ops` (RFC 7517, sections 4.2 and 4.3)."""
    operations = entry.get("key_ops", ["verify"])
    return entry.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _verification_key(key: object, key_id: str | None) -> VerificationKey:
    if isinstance(key, Ed25519PublicKey):
        return VerificationKey("EdDSA", key, key_id)
    if isinstance(key, RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise SettingsError(f"The RSA key has {key.key_size} bits; RS256 needs at least {MIN_RSA_BITS}.")
        return VerificationKey("RS256", key, key_id)
    raise ValueError("neither RSA nor Ed25519")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The keys for tokens cannot be read: {path}: {error.strerror}.") from None
