"""`python -m tests.intake.play woocommerce created`: send a fixture to a running intake, as its sender would, with present times.

It signs with the secret that `orderpulse source secret` has set. PayPal's messages need PayPal's key.
"""

import sys
from datetime import timedelta

import httpx

from core.clock import utc_now
from core.settings import load_settings
from intake.secrets import Secrets
from tests.intake.senders import at, fixture, signed


def main(source: str, name: str) -> None:
    """Send the fixture and print the answer."""
    settings = load_settings()
    secret = Secrets(settings).of_source(source).secrets[-1]
    now = utc_now()
    message = at(fixture(source, name), now - timedelta(seconds=30))
    ready = signed(source, message, secret, now)
    address = f"http://localhost:{settings.intake.port}/v1/sources/{source}"
    answer = httpx.request(
        "GET" if ready.query else "POST",
        f"{address}?{ready.query}" if ready.query else address,
        content=ready.body,
        headers=dict(ready.headers),
        trust_env=False,
    )
    sys.stdout.write(f"{answer.status_code} {answer.text}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
