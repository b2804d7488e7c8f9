"""Keys and tokens for tests."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

ISSUER, AUDIENCE = "orderpulse", "orderpulse-api"
SECRET = "a-Secret-that-is-long-enough-for-HS256-0123456789"
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
SHORT_RSA = rsa.generate_private_key(65537, 1024)
ED25519 = ed25519.Ed25519PrivateKey.generate()
CURVE = ec.generate_private_key(ec.SECP256R1())

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that are accepted, with `changes`; a claim that is changed to None is left out.

    They hold for longer than a run of all tests: some sign their token when they are collected.
    """
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": now + 4 * 3600, "scope": "read operate"}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def sign(
    payload: dict[str, Any],
    key: PrivateKey | str = SECRET,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
) -> str:
    """A signed token."""
    return jwt.encode(payload, key, algorithm=algorithm, headers=headers)


def public_pem(key: PrivateKey) -> bytes:
    """The public half in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def private_pem(key: PrivateKey) -> bytes:
    """The private half in PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def jwk(key: PrivateKey, **members: Any) -> dict[str, Any]:
    """The public half as a JWK, with further members."""
    algorithms = jwt.algorithms
    algorithm: Any = algorithms.ECAlgorithm
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm = algorithms.RSAAlgorithm
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm = algorithms.OKPAlgorithm
    found: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    return found | members


def write_jwks(path: Path, *keys: dict[str, Any]) -> Path:
    """A JWK Set."""
    path.write_text(json.dumps({"keys": list(keys)}))
    return path
