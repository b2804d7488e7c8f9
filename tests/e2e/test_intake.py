"""A shop in VND and a Stripe account in USD, connected to the running platform as docs/connect.md describes it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from intake.received import Received
from intake.secrets import Secrets, write_secret
from tests.e2e.platform import Platform
from tests.intake.senders import SECRETS, at, fixture, signed

pytestmark = pytest.mark.timeout(600)

ARRIVED = """
    SELECT count(*) > 0 FROM events_clean
    WHERE order_id = '{order}' AND event_type = '{kind}' AND amount = {amount} AND currency = '{currency}'
"""
ONCE = "SELECT count(*) = 1 FROM events_clean WHERE order_id = '{order}' AND event_type = '{kind}'"


def send(platform: Platform, source: str, message: Received, secret: str) -> int:
    """Status of the answer to a signed message."""
    ready = signed(source, message, secret, datetime.now(UTC))
    address = f"http://localhost:{platform.settings.intake.port}/v1/sources/{source}"
    headers = dict(ready.headers)
    return httpx.post(address, content=ready.body, headers=headers, trust_env=False, timeout=30).status_code


def test_a_shop_in_vnd_and_payments_in_usd_arrive(platform: Platform) -> None:
    now = datetime.now(UTC) - timedelta(seconds=30)
    secret = platform.command("source", "secret", "woocommerce", "--generate").splitlines()[0]
    order = at(fixture("woocommerce", "created_paid"), now)
    assert send(platform, "woocommerce", order, secret) == 200
    assert send(platform, "woocommerce", order, "another") == 401
    write_secret(Secrets(platform.settings).source_file("stripe"), SECRETS["stripe"].encode())
    payment = at(fixture("stripe", "payment_succeeded_usd"), now)
    charge = at(fixture("stripe", "charge_succeeded"), now)
    assert send(platform, "stripe", payment, SECRETS["stripe"]) == 200
    assert send(platform, "stripe", charge, SECRETS["stripe"]) == 200
    for order_id, kind, amount, currency in (
        ("1003", "order_created", "250000", "VND"),
        ("1003", "payment_success", "250000", "VND"),
        ("ORD1001", "payment_success", "129.95", "USD"),
    ):
        assert platform.wait_for(
            ARRIVED.format(order=order_id, kind=kind, amount=amount, currency=currency)
        ), platform.status()
    assert platform.wait_for(ONCE.format(order="ORD1001", kind="payment_success")), "told twice, counted once"


def test_the_command_line_shows_what_is_connected(platform: Platform) -> None:
    shown = platform.command("source", "list")
    (woocommerce,) = (line for line in shown.splitlines() if line.startswith("woocommerce"))
    assert "set" in woocommerce.split()
    assert f":{platform.settings.intake.port}/v1/sources/woocommerce" in woocommerce
    names = {line["name"]: line["health"] for line in platform.status()["programs"]}
    assert names["intake"] == "healthy"
