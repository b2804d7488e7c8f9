"""Each way to sign: accepted when it is right, refused when the secret, the message or the time is another."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from intake.mapping.registry import Registry
from intake.received import Received
from intake.signatures import Bearer, Credentials, HmacBody, SignatureError, StandardWebhooks
from intake.signatures.scheme import Scheme
from tests.intake.senders import OTHERS_SECRETS, PAYPAL, SECRETS, Fixture, fixture, signatory, signed

NOW = datetime.now(UTC)
SOURCES = Registry(Path("/nowhere"))
MESSAGES = {
    "stripe": "payment_succeeded_usd",
    "woocommerce": "created",
    "shopify": "orders_paid",
    "vnpay": "paid",
    "momo": "paid",
    "zalopay": "paid",
    "paypal": "capture_completed",
}
TIMED = {"stripe"}


def scheme(name: str) -> Scheme:
    source = SOURCES.get(name)
    assert source is not None
    return source.signature


def message(name: str) -> Fixture:
    return fixture(name, MESSAGES[name])


def credentials(name: str, *secrets: str) -> Credentials:
    return Credentials(secrets or (SECRETS[name],), PAYPAL.certificate if name == "paypal" else None)


def reason(name: str, received: Received, given: Credentials | None = None, now: datetime = NOW) -> str:
    with pytest.raises(SignatureError) as raised:
        scheme(name).verify(received, given or credentials(name), now)
    assert SECRETS[name] not in str(raised.value)
    return raised.value.reason


def test_every_source_is_tried() -> None:
    assert set(MESSAGES) == set(SOURCES.names())


@pytest.mark.parametrize("name", MESSAGES)
def test_the_vendors_signature_is_accepted(name: str) -> None:
    received = signed(name, message(name).received, SECRETS[name], NOW)
    scheme(name).verify(received, credentials(name), NOW)
    replaced = credentials(name, OTHERS_SECRETS.get(name, "another"), SECRETS[name])
    scheme(name).verify(received, replaced, NOW)


@pytest.mark.parametrize("name", MESSAGES)
def test_another_secret_is_refused(name: str) -> None:
    received = signed(name, message(name).received, OTHERS_SECRETS.get(name, "another"), NOW)
    assert reason(name, received) == "wrong"


@pytest.mark.parametrize("name", MESSAGES)
def test_a_changed_message_is_refused(name: str) -> None:
    received = signed(name, message(name).received, SECRETS[name], NOW)
    changes = {
        "25000000": "25000001",
        "250000": "250001",
        "129.95": "129.96",
        "30.00": "30.01",
        "12995": "12996",
    }
    before, after = next(
        pair for pair in changes.items() if pair[0] in received.query + received.body.decode()
    )
    changed = replace(
        received,
        query=received.query.replace(before, after),
        body=received.body.replace(before.encode(), after.encode()),
    )
    assert reason(name, changed) == "wrong"


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_without_signature_is_refused(name: str) -> None:
    unsigned = message(name).received
    if name == "zalopay":  # its fixture has a placeholder
        unsigned = replace(unsigned, body=json.dumps({"data": "{}", "type": 1}).encode())
    assert reason(name, unsigned) == "missing"


@pytest.mark.parametrize("name", MESSAGES)
def test_without_a_secret_nothing_is_accepted(name: str) -> None:
    received = signed(name, message(name).received, SECRETS[name], NOW)
    assert reason(name, received, Credentials()) == "no_secret"
    empty = signed(name, message(name).received, ":" if name == "momo" else "", NOW)
    assert reason(name, empty, Credentials()) == "no_secret"


@pytest.mark.parametrize("name", sorted(TIMED))
@pytest.mark.parametrize("shift", [timedelta(seconds=-301), timedelta(seconds=301), timedelta(days=-400)])
def test_a_message_that_is_sent_again_later_is_refused(name: str, shift: timedelta) -> None:
    received = signed(name, message(name).received, SECRETS[name], NOW + shift)
    assert reason(name, received) == "old"
    scheme(name).verify(received, credentials(name), NOW + shift)


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("stripe", "stripe-signature", "t=1,v1=xyz"),
        ("stripe", "stripe-signature", "v1=00"),
        ("stripe", "stripe-signature", "t=1,t=2,v1=00"),
        ("stripe", "stripe-signature", "nonsense"),
        ("woocommerce", "x-wc-webhook-signature", "not base 64!"),
        ("shopify", "x-shopify-hmac-sha256", "é"),
        ("paypal", "paypal-auth-algo", "NONE"),
        ("paypal", "paypal-transmission-sig", "!"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, header: str, value: str) -> None:
    received = signed(name, message(name).received, SECRETS[name], NOW)
    assert reason(name, replace(received, headers={**received.headers, header: value})) == "malformed"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("name", ["momo", "zalopay"])
def test_a_body_that_is_no_object_is_refused(name: str, body: bytes) -> None:
    assert reason(name, Received(body)) == "malformed"


def test_a_parameter_that_comes_twice_is_refused() -> None:
    received = signed("vnpay", message("vnpay").received, SECRETS["vnpay"], NOW)
    assert reason("vnpay", replace(received, query=received.query + "&vnp_Amount=1")) == "malformed"


def test_parameters_of_others_are_not_signed() -> None:
    received = signed("vnpay", message("vnpay").received, SECRETS["vnpay"], NOW)
    added = replace(received, query=received.query + "&utm_source=x&vnp_SecureHashType=HMACSHA512")
    scheme("vnpay").verify(added, credentials("vnpay"), NOW)


@pytest.mark.parametrize(
    "certificate",
    [signatory().certificate, signatory(-1).certificate, b"no certificate", None],
    ids=["another's", "expired", "unreadable", "none"],
)
def test_paypal_needs_the_certificate_that_the_shop_has_put_there(certificate: bytes | None) -> None:
    received = signed("paypal", message("paypal").received, SECRETS["paypal"], NOW)
    given = Credentials((SECRETS["paypal"],), certificate)
    assert reason("paypal", received, given) in ("wrong", "no_secret")


def test_an_authoritys_certificate_signs_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = signatory(authority=True)
    monkeypatch.setattr("tests.intake.senders.PAYPAL", authority)
    received = signed("paypal", message("paypal").received, SECRETS["paypal"], NOW)
    given = Credentials((SECRETS["paypal"],), authority.certificate)
    assert reason("paypal", received, given) == "no_secret"


def test_an_expired_certificate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    expired = signatory(-1)
    monkeypatch.setattr("tests.intake.senders.PAYPAL", expired)
    received = signed("paypal", message("paypal").received, SECRETS["paypal"], NOW)
    assert reason("paypal", received, Credentials((SECRETS["paypal"],), expired.certificate)) == "no_secret"


def test_standard_webhooks() -> None:
    """Also the example of the specification's own text: id, time and body in one HMAC."""
    key = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    standard, given = StandardWebhooks(scheme="standard_webhooks"), Credentials((key,))
    received = signed("standard", Received(b'{"a":1}'), key, NOW)
    standard.verify(received, given, NOW)
    for changed, why in (
        (replace(received, body=b'{"a":2}'), "wrong"),
        (replace(received, headers={**received.headers, "webhook-id": "msg_2"}), "wrong"),
        (replace(received, headers={**received.headers, "webhook-timestamp": "1"}), "wrong"),
        (replace(received, headers={**received.headers, "webhook-signature": "v2,abc"}), "malformed"),
        (Received(b"{}"), "missing"),
        (signed("standard", Received(b"{}"), key, NOW - timedelta(minutes=6)), "old"),
    ):
        with pytest.raises(SignatureError) as raised:
            standard.verify(changed, given, NOW)
        assert raised.value.reason == why


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Bearer key", None),
        ("bearer key", None),
        ("Bearer other", "wrong_key"),
        ("Basic key", "no_key"),
        ("", "no_key"),
    ],
)
def test_a_bearer_key(header: str, why: str | None) -> None:
    bearer, received = Bearer(scheme="bearer"), Received(headers={"authorization": header})
    if why is None:
        bearer.verify(received, Credentials(("key",)), NOW)
        return
    with pytest.raises(SignatureError) as raised:
        bearer.verify(received, Credentials(("key",)), NOW)
    assert raised.value.reason == why
    assert "signature" not in str(raised.value), "it has none"


def test_a_hexadecimal_signature_with_a_prefix() -> None:
    """RFC 4231, test case 2."""
    body, key = b"what do ya want for nothing?", "Jefe"
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    kind = HmacBody(scheme="hmac_body", header="X-Signature", encoding="hex", prefix="sha256=")
    kind.verify(Received(body, headers={"x-signature": f"sha256={digest}"}), Credentials((key,)), NOW)
    with pytest.raises(SignatureError):
        kind.verify(Received(body, headers={"x-signature": digest}), Credentials((key,)), NOW)
