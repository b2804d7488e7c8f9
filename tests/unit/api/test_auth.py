"""Which tokens are accepted, beside each that is refused; and which keys, and when none are needed."""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.auth import ANYONE, TokenRefusedError, TokenVerifier, make_verifier
from api.auth.keys import FileKeys, read_jwks, read_pem
from api.token import make_token
from core.errors import SettingsError
from core.settings import Environment, Settings, load_settings
from tests.tokens import (
    AUDIENCE,
    CURVE,
    ED25519,
    ISSUER,
    OTHER_RSA,
    RSA,
    SECRET,
    SHORT_RSA,
    claims,
    jwk,
    private_pem,
    public_pem,
    sign,
    write_jwks,
)


def required(**api: Any) -> Settings:
    """Settings that demand tokens."""
    return load_settings(root=Path(__file__).parent, api={"auth": "required", **api})


def verifier(**api: Any) -> TokenVerifier:
    made = make_verifier(required(**api))
    assert made is not None
    return made


@dataclass
class Keys:
    """One verifier for each source of keys."""

    secret: TokenVerifier
    rsa: TokenVerifier
    ed25519: TokenVerifier
    both: TokenVerifier


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    (folder / "rsa.pem").write_bytes(public_pem(RSA))
    (folder / "ed25519.pem").write_bytes(public_pem(ED25519))
    both = write_jwks(folder / "both.json", jwk(RSA, kid="r1", use="sig"), jwk(ED25519, kid="e1"))
    return Keys(
        secret=verifier(jwt_secret=SECRET),
        rsa=verifier(jwt_public_key_file=folder / "rsa.pem"),
        ed25519=verifier(jwt_public_key_file=folder / "ed25519.pem"),
        both=verifier(jwt_jwks_file=both),
    )


def raw(header: dict[str, Any], payload: dict[str, Any] | bytes, signature: bytes = b"") -> str:
    """A token of any make."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    parts = (json.dumps(header).encode(), body, signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


TIMES = {"exp", "nbf", "iat"}
"""Claims that the cases give in seconds from the moment of the test."""

Make = Callable[[], str]
CLAIMS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("no expiry", {}, {"exp": None}, "lacks the claim exp"),
    ("expired", {"exp": 60}, {"exp": -60}, "has expired"),
    ("expired within the leeway", {"exp": -1}, {"exp": -30}, "has expired"),
    ("expiry is no number", {}, {"exp": "soon"}, "malformed"),
    ("expiry is infinite", {}, {"exp": float("inf")}, "malformed"),
    ("expiry is a text", {"exp": 60}, {"exp": str(2**31)}, "malformed"),
    ("expiry is true", {"exp": 60}, {"exp": True}, "expired"),
    ("expiry beyond what a float holds", {"exp": 60}, {"exp": 10**309}, "malformed"),
    ("expiry in milliseconds", {"exp": 60}, {"exp": 1_800_000_000_000}, "malformed"),
    ("beginning is a text", {"nbf": -60}, {"nbf": "1"}, "malformed"),
    ("beginning is negative without end", {"nbf": -60}, {"nbf": -(10**309)}, "malformed"),
    ("issued at a text", {"iat": -60}, {"iat": "1"}, "malformed"),
    ("not yet", {"nbf": -60}, {"nbf": 60}, "not valid yet"),
    ("issued in the future", {"iat": -60}, {"iat": 600}, "not valid yet"),
    ("no issuer", {"iss": ISSUER}, {"iss": None}, "lacks the claim iss"),
    ("other issuer", {"iss": ISSUER}, {"iss": "else"}, "another issuer"),
    ("no audience", {"aud": AUDIENCE}, {"aud": None}, "lacks the claim aud"),
    ("other audience", {"aud": ["else", AUDIENCE]}, {"aud": "else"}, "another audience"),
    ("subject is no text", {"sub": "ann"}, {"sub": 7}, "malformed"),
]


@pytest.mark.parametrize(
    ("accepted", "refused", "why"), [case[1:] for case in CLAIMS], ids=[case[0] for case in CLAIMS]
)
def test_claims(keys: Keys, accepted: dict[str, Any], refused: dict[str, Any], why: str) -> None:
    assert keys.secret.verify(sign(claims(**dated(accepted)))).scopes == {"read", "operate"}
    with pytest.raises(TokenRefusedError, match=why):
        keys.secret.verify(sign(claims(**dated(refused))))


def dated(case: dict[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    return {
        name: now + value if name in TIMES and type(value) is int else value for name, value in case.items()
    }


HEADERS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("crit", {"typ": "JWT"}, {"crit": ["exp"]}, "crit|malformed"),
    ("crit of the library", {}, {"crit": ["b64"], "b64": True}, "b64, crit|malformed"),
    ("jku", {"kid": "any"}, {"jku": "https://else/keys"}, "jku"),
    ("x5u", {"x5t": "abc"}, {"x5u": "https://else/cert"}, "x5u"),
    ("x5c", {}, {"x5c": ["MIIB"]}, "x5c"),
    ("jwk", {}, {"jwk": jwk(OTHER_RSA)}, "jwk"),
    ("zip", {}, {"zip": "DEF"}, "zip"),
    ("no ASCII, as no header of an answer may hold", {}, {"中": 1}, "unknown ones"),
    ("type", {"typ": "at+jwt"}, {"typ": "secevent+jwt"}, "another type"),
]


@pytest.mark.parametrize(
    ("accepted", "refused", "why"), [case[1:] for case in HEADERS], ids=[case[0] for case in HEADERS]
)
def test_headers(keys: Keys, accepted: dict[str, Any], refused: dict[str, Any], why: str) -> None:
    assert keys.secret.verify(sign(claims(), headers=accepted)).subject == "ann"
    with pytest.raises(TokenRefusedError, match=why):
        keys.secret.verify(sign(claims(), headers=refused))


SIGNED = sign(claims())
OTHER_SECRET = "b" + SECRET
PEM = public_pem(RSA).decode()


def confused() -> str:
    """A token signed with HS256 whose secret is the public key, which everybody has."""
    header, body = {"alg": "HS256", "typ": "JWT"}, claims()
    unsigned = raw(header, body).rsplit(".", 1)[0]
    digest = hmac.new(PEM.encode(), unsigned.encode(), hashlib.sha256).digest()
    return unsigned + "." + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def forged() -> str:
    head, _, tail = SIGNED.split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims(sub="eve")).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{tail}"


def hand_signed(header: bytes, payload: bytes) -> str:
    """A token over any bytes, signed with the right secret."""
    unsigned = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    digest = hmac.new(SECRET.encode(), unsigned, hashlib.sha256).digest()
    return f"{unsigned.decode()}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def in_encoding(of_header: str, of_claims: str) -> str:
    return hand_signed(
        '{"alg":"HS256","typ":"JWT"}'.encode(of_header), json.dumps(claims()).encode(of_claims)
    )


def with_other_last_bits() -> str:
    """The signature of 32 bytes leaves two bits of its last character unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return SIGNED[:-1] + alphabet[alphabet.index(SIGNED[-1]) + 1]


SIGNATURES: list[tuple[str, str, Make, Make, str]] = [
    ("none", "secret", lambda: SIGNED, lambda: raw({"alg": "none"}, claims()), "algorithm"),
    ("None in capitals", "rsa", lambda: sign(claims(), RSA, "RS256"), lambda: raw({"alg": "NONE"}, claims()), "algorithm"),
    ("no algorithm", "secret", lambda: SIGNED, lambda: raw({"typ": "JWT"}, claims(), b"x"), "malformed|algorithm"),
    ("HS256 with the public key", "rsa", lambda: sign(claims(), RSA, "RS256"), confused, "algorithm"),
    ("HS512 instead of HS256", "secret", lambda: SIGNED, lambda: sign(claims(), SECRET * 2, "HS512"), "algorithm"),
    ("PS256 instead of RS256", "rsa", lambda: sign(claims(), RSA, "RS256"), lambda: sign(claims(), RSA, "PS256"), "algorithm"),
    ("RS512 instead of RS256", "rsa", lambda: sign(claims(), RSA, "RS256"), lambda: sign(claims(), RSA, "RS512"), "algorithm"),
    ("ES256 where EdDSA is", "ed25519", lambda: sign(claims(), ED25519, "EdDSA"), lambda: sign(claims(), CURVE, "ES256"), "algorithm"),
    ("other secret", "secret", lambda: SIGNED, lambda: sign(claims(), OTHER_SECRET), "signature is wrong"),
    ("other RSA key", "rsa", lambda: sign(claims(), RSA, "RS256"), lambda: sign(claims(), OTHER_RSA, "RS256"), "signature is wrong"),
    ("no signature", "secret", lambda: SIGNED, lambda: SIGNED.rsplit(".", 1)[0] + ".", "signature is wrong"),
    ("cut off", "secret", lambda: SIGNED, lambda: SIGNED.rsplit(".", 1)[0], "malformed"),
    ("changed claims", "secret", lambda: SIGNED, forged, "signature is wrong"),
    ("named RSA key", "both", lambda: sign(claims(), RSA, "RS256", {"kid": "r1"}), lambda: sign(claims(), OTHER_RSA, "RS256", {"kid": "r1"}), "signature is wrong"),
    ("unknown key", "both", lambda: sign(claims(), ED25519, "EdDSA", {"kid": "e1"}), lambda: sign(claims(), ED25519, "EdDSA", {"kid": "e2"}), "not known here"),
    ("key of another kind", "both", lambda: sign(claims(), ED25519, "EdDSA", {"kid": "e1"}), lambda: sign(claims(), ED25519, "EdDSA", {"kid": "r1"}), "algorithm"),
    ("empty", "secret", lambda: SIGNED, lambda: "", "malformed"),
    ("no JSON", "secret", lambda: SIGNED, lambda: "a.b.c", "malformed"),
    ("too deep", "secret", lambda: SIGNED, lambda: raw({"alg": "HS256", "kid": "k"}, b"[" * 5000, b"x"), "malformed|signature"),
    ("deep header", "secret", lambda: SIGNED, lambda: base64.urlsafe_b64encode(b'{"a":' * 1200).decode() + ".e30.x", "malformed"),
    ("padded signature", "secret", lambda: SIGNED, lambda: SIGNED + "=", "malformed"),
    ("padded claims", "secret", lambda: in_encoding("utf-8", "utf-8"), lambda: SIGNED.replace(".", "==.", 1), "malformed"),
    ("letters that base64 skips", "secret", lambda: SIGNED, lambda: SIGNED[:-5] + "!~" + SIGNED[-5:], "malformed"),
    ("standard base64", "secret", lambda: SIGNED, lambda: SIGNED.rsplit(".", 1)[0] + "." + "+/" * 21 + "8", "malformed"),
    ("the same signature in other bits", "secret", lambda: SIGNED, with_other_last_bits, "malformed"),
    ("header in UTF-16", "secret", lambda: in_encoding("utf-8", "utf-8"), lambda: in_encoding("utf-16", "utf-8"), "malformed"),
    ("header in UTF-16 without a mark", "secret", lambda: in_encoding("utf-8", "utf-8"), lambda: in_encoding("utf-16-le", "utf-8"), "malformed"),
    ("header in UTF-32", "secret", lambda: in_encoding("utf-8", "utf-8"), lambda: in_encoding("utf-32", "utf-8"), "malformed"),
    ("header with a byte order mark", "secret", lambda: in_encoding("utf-8", "utf-8"), lambda: in_encoding("utf-8-sig", "utf-8"), "malformed"),
    ("claims in UTF-16", "secret", lambda: in_encoding("utf-8", "utf-8"), lambda: in_encoding("utf-8", "utf-16"), "malformed"),
    ("too long", "secret", lambda: SIGNED, lambda: sign(claims(padding="x" * 9000)), "too long"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "accepted", "refused", "why"),
    [case[1:] for case in SIGNATURES],
    ids=[case[0] for case in SIGNATURES],
)
def test_signatures(keys: Keys, source: str, accepted: Make, refused: Make, why: str) -> None:
    validate: TokenVerifier = getattr(keys, source)
    assert validate.verify(accepted()).subject == "ann"
    with pytest.raises(TokenRefusedError, match=why):
        validate.verify(refused())


@pytest.mark.parametrize(
    ("changes", "scopes"),
    [
        ({"scope": "read"}, {"read"}),
        ({"scope": "operate read openid"}, {"read", "operate"}),
        ({"scope": None, "scp": ["read"]}, {"read"}),
        ({"scope": None, "scp": "operate"}, {"operate"}),
        ({"scope": None}, set()),
        ({"scope": "READ"}, set()),
        ({"scope": ["read"], "scp": {"read": True}}, set()),
    ],
)
def test_scopes_are_those_that_exist_here(keys: Keys, changes: dict[str, Any], scopes: set[str]) -> None:
    assert keys.secret.verify(sign(claims(**changes))).scopes == scopes


def test_a_refusal_holds_nothing_of_the_token(keys: Keys) -> None:
    for header in ({"evil\r\nSet-Cookie: x": 1}, {"<script>": 1}):
        with pytest.raises(TokenRefusedError) as refused:
            keys.secret.verify(sign(claims(), headers=header))
        assert not set('\r\n<"') & set(str(refused.value))


def test_a_rotated_set_is_read_again(tmp_path: Path) -> None:
    path = write_jwks(tmp_path / "keys.json", jwk(RSA, kid="old"))
    validate = verifier(jwt_jwks_file=path)
    old, new = (sign(claims(), key, "RS256", {"kid": kid}) for key, kid in ((RSA, "old"), (OTHER_RSA, "new")))
    assert validate.verify(old).subject == "ann"
    with pytest.raises(TokenRefusedError, match="not known here"):
        validate.verify(new)
    write_jwks(path, jwk(OTHER_RSA, kid="new"))
    assert validate.verify(new).subject == "ann"
    with pytest.raises(TokenRefusedError, match="not known here"):
        validate.verify(old)


def test_a_set_that_turns_unusable_leaves_the_keys_as_they_were(tmp_path: Path) -> None:
    path = write_jwks(tmp_path / "keys.json", jwk(RSA, kid="r1"))
    validate, token = verifier(jwt_jwks_file=path), sign(claims(), RSA, "RS256")
    path.write_text('{"keys": [')
    assert validate.verify(token).subject == "ann"
    path.unlink()
    assert validate.verify(token).subject == "ann"


def test_two_keys_of_one_kind_must_be_named(tmp_path: Path) -> None:
    path = write_jwks(tmp_path / "keys.json", jwk(RSA, kid="a"), jwk(OTHER_RSA, kid="b"))
    validate = verifier(jwt_jwks_file=path)
    assert validate.verify(sign(claims(), OTHER_RSA, "RS256", {"kid": "b"})).subject == "ann"
    with pytest.raises(TokenRefusedError, match="does not name its key"):
        validate.verify(sign(claims(), OTHER_RSA, "RS256"))


def test_keys_for_other_purposes_are_left_out(tmp_path: Path) -> None:
    path = write_jwks(
        tmp_path / "keys.json",
        jwk(OTHER_RSA, kid="enc", use="enc"),
        jwk(OTHER_RSA, kid="ops", key_ops=["encrypt"]),
        jwk(OTHER_RSA, kid="none", key_ops=[]),
        jwk(OTHER_RSA, kid="text", key_ops="verify"),
        jwk(OTHER_RSA, kid="ps", alg="PS256"),
        jwk(CURVE, kid="ec"),
        jwk(RSA, kid="r1", use="sig", alg="RS256", key_ops=["verify"]),
    )
    assert [key.key_id for key in read_jwks(path)] == ["r1"]


UNUSABLE_SETS: list[tuple[list[dict[str, Any]], str]] = [
    ([], "no key"),
    ([jwk(CURVE)], "no key"),
    ([jwk(SHORT_RSA)], "1024 bits"),
    ([{"kty": "oct", "k": "c2VjcmV0"}], "secret or private"),
    ([jwk(RSA) | {"d": "AQAB"}], "secret or private"),
    ([jwk(RSA), jwk(ED25519)], "needs its own `kid`"),
    ([jwk(RSA, kid="a"), jwk(OTHER_RSA, kid="a")], "needs its own `kid`"),
    ([{"kty": "RSA", "n": "!", "e": "AQAB"}], "not a valid JWK Set|bits"),
]


@pytest.mark.parametrize(("entries", "why"), UNUSABLE_SETS)
def test_an_unusable_set_is_refused_with_a_reason(
    tmp_path: Path, entries: list[dict[str, Any]], why: str
) -> None:
    with pytest.raises(SettingsError, match=why):
        FileKeys(write_jwks(tmp_path / "keys.json", *entries), read_jwks)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"keys": 5}', '{"keys": [5]}', "\xff"])
def test_what_is_no_set_is_refused_with_a_reason(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(SettingsError, match=r"keys\.json"):
        FileKeys(path, read_jwks)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (private_pem(RSA), "private key"),
        (public_pem(SHORT_RSA), "1024 bits"),
        (public_pem(CURVE), "RSA or Ed25519"),
        (b"ssh-rsa AAAA", "not a public key in PEM"),
    ],
)
def test_an_unusable_pem_is_refused_with_a_reason(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=why):
        FileKeys(path, read_pem)


def test_a_file_that_is_not_there_is_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        verifier(jwt_jwks_file=tmp_path / "none.json")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_no_tokens_are_needed_on_loopback(host: str) -> None:
    assert make_verifier(load_settings(root=Path(__file__).parent, api={"host": host})) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "example.org", "127.0.0.1.example.org"])
def test_tokens_are_demanded_off_loopback(host: str) -> None:
    with pytest.raises(SettingsError, match="ORDERPULSE_API__AUTH=required"):
        make_verifier(load_settings(root=Path(__file__).parent, api={"host": host}))
    assert make_verifier(required(host=host, jwt_secret=SECRET)) is not None


def test_production_is_never_open() -> None:
    settings = load_settings(root=Path(__file__).parent).model_copy(
        update={"environment": Environment.PRODUCTION}
    )
    with pytest.raises(SettingsError, match="must be `required`"):
        make_verifier(settings)


@pytest.mark.parametrize(
    ("api", "why"),
    [
        ({}, "none is"),
        ({"jwt_secret": SECRET, "jwt_jwks_file": "keys.json"}, "more than one is"),
        ({"jwt_secret": "x" * 31}, "fewer than 32 bytes"),
        ({"jwt_secret": "ab" * 40}, "repeats"),
    ],
)
def test_exactly_one_good_key_is_needed(api: dict[str, Any], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        make_verifier(required(**api))


def test_the_development_token_is_accepted() -> None:
    settings = required(jwt_secret=SECRET)
    token = make_token(settings, subject="ann", scopes=["read"], minutes=5)
    caller = verifier(jwt_secret=SECRET).verify(token)
    assert caller.subject == "ann"
    assert caller.scopes == {"read"}
    assert caller.expires_at is not None
    assert 290 < caller.expires_at - time.time() < 320


def test_no_development_token_without_a_secret_or_in_production() -> None:
    with pytest.raises(SettingsError, match="ORDERPULSE_API__JWT_SECRET is not set"):
        make_token(load_settings(root=Path(__file__).parent), subject="x", scopes=["read"], minutes=5)
    production = required(jwt_secret=SECRET).model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(SettingsError, match="identity provider"):
        make_token(production, subject="x", scopes=["read"], minutes=5)


def test_anyone_may_do_all_while_no_tokens_are_demanded() -> None:
    assert ANYONE.scopes == {"read", "operate"}
    assert os.environ.get("ORDERPULSE_API__AUTH", "off") == "off"
