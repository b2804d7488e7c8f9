"""Messages of shops and payment gateways, signed as each of them does it.

Written after the vendors' documentation and apart from `intake.signatures`, which it is to test.
"""

import base64
import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from intake import exact_json
from intake.received import Received

FIXTURES = Path(__file__).parents[1] / "corpus" / "sources"
SECRETS = {
    "stripe": "whsec_dGhpcyBpcyBhIHNlY3JldA",
    "woocommerce": "a shop's own secret, với dấu",
    "shopify": "5f0ce1d3a9b84c0e",
    "vnpay": "RAOEXHYVSDDIIENYWSLDIIZTANXUXZFJ",
    "momo": "F8BBA842ECF85:K951B6PE1waDMi640xX08PD3vg6EkVlz",
    "zalopay": "eG4r0GcoNtRGbO8",
    "paypal": "1AB23456CD789012E",
}
OTHERS_SECRETS = {"momo": "F8BBA842ECF85:another"}
"""Well-formed secrets that are not the right ones."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A message with the events that must come out of it, or the reason why none can."""

    source: str
    name: str
    title: str
    headers: dict[str, str]
    query: str
    body: bytes
    expected: list[dict[str, Any]] | None
    unmapped: str | None

    @property
    def received(self) -> Received:
        """The request without a signature."""
        return Received(self.body, self.query, self.headers)

    def __str__(self) -> str:
        return f"{self.source}-{self.name}"


def read_fixture(path: Path) -> Fixture:
    """The fixture in a file."""
    text = exact_json.loads(path.read_bytes())
    body = json.dumps(json.loads(path.read_bytes()).get("body"), ensure_ascii=False).encode()
    return Fixture(
        path.parent.name,
        path.stem,
        text["title"],
        text["headers"],
        text.get("query", ""),
        body if "body" in text else b"",
        text.get("expected"),
        text.get("unmapped"),
    )


ALL_FIXTURES = [read_fixture(path) for path in sorted(FIXTURES.glob("*/*.json"))]


def fixture(source: str, name: str) -> Fixture:
    """The fixture of that name."""
    return read_fixture(FIXTURES / source / f"{name}.json")


ALL_TIMES = re.compile(
    r"(?P<iso>2026-\d\d-\d\dT\d\d:\d\d:\d\d)|\b(?P<ms>1772\d{9})\b|\b(?P<s>1772\d{6})\b|\b(?P<digits>2026\d{10})\b"
)


def at(given: Fixture, moment: datetime) -> Received:
    """The message with all its times moved: its first event happens at `moment`, or if it gives none, its last time is that."""
    message = given.received
    if given.expected:
        shift = moment - datetime.fromisoformat(given.expected[0]["eventTime"])
    else:
        times = map(_time, ALL_TIMES.finditer(message.body.decode() + message.query))
        shift = moment - max(times, default=moment)

    def moved(found: re.Match[str]) -> str:
        text = found[0]
        match found.lastgroup:
            case "iso":
                return (datetime.fromisoformat(text) + shift).isoformat(timespec="seconds")
            case "ms":
                return str(int(text) + int(shift.total_seconds()) * 1000)
            case "s":
                return str(int(text) + int(shift.total_seconds()))
            case _:
                return f"{datetime.fromisoformat(text[:8] + 'T' + text[8:]) + shift:%Y%m%d%H%M%S}"

    body = ALL_TIMES.sub(moved, message.body.decode()).encode()
    return replace(message, body=body, query=ALL_TIMES.sub(moved, message.query))


def _time(found: re.Match[str]) -> datetime:
    match found.lastgroup:
        case "ms":
            return datetime.fromtimestamp(int(found[0]) / 1000, UTC)
        case "s":
            return datetime.fromtimestamp(int(found[0]), UTC)
        case "iso":
            return datetime.fromisoformat(found[0]).replace(tzinfo=UTC)
        case _:
            return datetime.fromisoformat(found[0][:8] + "T" + found[0][8:]).replace(tzinfo=UTC)


Signer = Callable[[Received, str, datetime], Received]


def signed(source: str, message: Received, secret: str, now: datetime) -> Received:
    """The message as the sender sends it."""
    return SIGNERS[source](message, secret, now)


def _with_headers(message: Received, **headers: str) -> Received:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(message, headers={**message.headers, **named})


def _stripe(message: Received, secret: str, now: datetime) -> Received:
    at = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), f"{at}.{message.body.decode()}".encode(), hashlib.sha256).hexdigest()
    return _with_headers(message, stripe_signature=f"t={at},v1={digest},v0=00")


def _standard(message: Received, secret: str, now: datetime) -> Received:
    at, key = str(int(now.timestamp())), base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"msg_1.{at}.".encode() + message.body, hashlib.sha256).digest()
    value = f"v1a,ignored v1,{base64.b64encode(digest).decode()}"
    return _with_headers(message, webhook_id="msg_1", webhook_timestamp=at, webhook_signature=value)


def _body_base64(header: str) -> Signer:
    def sign(message: Received, secret: str, now: datetime) -> Received:
        digest = hmac.new(secret.encode(), message.body, hashlib.sha256).digest()
        return _with_headers(message, **{header: base64.b64encode(digest).decode()})

    return sign


def _vnpay(message: Received, secret: str, now: datetime) -> Received:
    pairs = sorted(parse_qsl(message.query, keep_blank_values=True))
    digest = hmac.new(secret.encode(), urlencode(pairs).encode(), hashlib.sha512).hexdigest()
    return replace(message, query=f"{message.query}&vnp_SecureHash={digest}")


MOMO_ORDER = (
    "accessKey={accessKey}&amount={amount}&extraData={extraData}&message={message}&orderId={orderId}"
    "&orderInfo={orderInfo}&orderType={orderType}&partnerCode={partnerCode}&payType={payType}"
    "&requestId={requestId}&responseTime={responseTime}&resultCode={resultCode}&transId={transId}"
)


def _momo(message: Received, secret: str, now: datetime) -> Received:
    public, _, private = secret.partition(":")
    body = json.loads(message.body)
    text = MOMO_ORDER.format(accessKey=public, **body)
    body["signature"] = hmac.new(private.encode(), text.encode(), hashlib.sha256).hexdigest()
    return replace(message, body=json.dumps(body, ensure_ascii=False).encode())


def _zalopay(message: Received, secret: str, now: datetime) -> Received:
    body = json.loads(message.body)
    body["mac"] = hmac.new(secret.encode(), body["data"].encode(), hashlib.sha256).hexdigest()
    return replace(message, body=json.dumps(body).encode())


def _paypal(message: Received, secret: str, now: datetime) -> Received:
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"69cd13f0-d67a|{at}|{secret}|{zlib.crc32(message.body)}"
    signature = PAYPAL.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return _with_headers(
        message,
        paypal_transmission_id="69cd13f0-d67a",
        paypal_transmission_time=at,
        paypal_transmission_sig=base64.b64encode(signature).decode(),
        paypal_auth_algo="SHA256withRSA",
        paypal_cert_url="https://api.paypal.com/v1/notifications/certs/CERT-360caa42",
    )


@dataclass(frozen=True, slots=True)
class Signatory:
    """A key and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: bytes


def signatory(days: int = 30, *, authority: bool = False) -> Signatory:
    """A new key with a certificate that is valid for `days` days; negative: it has expired."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "messageverificationcerts.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Signatory(key, certificate.public_bytes(serialization.Encoding.PEM))


PAYPAL = signatory()

SIGNERS: dict[str, Signer] = {
    "stripe": _stripe,
    "standard": _standard,
    "woocommerce": _body_base64("x_wc_webhook_signature"),
    "shopify": _body_base64("x_shopify_hmac_sha256"),
    "vnpay": _vnpay,
    "momo": _momo,
    "zalopay": _zalopay,
    "paypal": _paypal,
}
