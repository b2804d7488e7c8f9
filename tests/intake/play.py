"""`python -m tests.intake.play woocommerce created`: send a message to a running intake, as its sender would.

Its times are the present. It is signed with the secret that `orderpulse source secret` has set.
"""

import argparse
import sys
from datetime import timedelta

import httpx

from core.clock import utc_now
from core.errors import OrderpulseError
from core.settings import load_settings
from intake.secrets import Secrets
from tests.intake.senders import ALL_FIXTURES, Fixture, at, signed


def main(arguments: list[str]) -> None:
    """Send the message and print the answer."""
    sent = chosen(arguments)
    settings = load_settings()
    secrets = Secrets(settings).of_source(sent.source).secrets
    if not secrets:
        sys.exit(f"{sent.source} has no secret yet: set one with `orderpulse source secret {sent.source}`.")
    now = utc_now()
    ready = signed(sent.source, at(sent, now - timedelta(seconds=30)), secrets[-1], now)
    address = f"http://localhost:{settings.intake.port}/v1/sources/{sent.source}"
    try:
        answer = httpx.request(
            "GET" if ready.query else "POST",
            f"{address}?{ready.query}" if ready.query else address,
            content=ready.body,
            headers=dict(ready.headers),
            trust_env=False,
        )
    except httpx.TransportError as error:
        sys.exit(f"Intake does not answer at {address} ({error}); `orderpulse status` shows whether it runs.")
    sys.stdout.write(f"{answer.status_code} {answer.text}\n")


def chosen(arguments: list[str]) -> Fixture:
    """The message that is named; ends the program with one sentence if there is none."""
    known: dict[str, dict[str, Fixture]] = {}
    for each in ALL_FIXTURES:
        known.setdefault(each.source, {})[each.name] = each
    parser = argparse.ArgumentParser(
        prog="python -m tests.intake.play",
        description="Send a message to a running intake, as its sender would: signed with the secret that is set, about "
        "something that happens now. The stream rejects what its source cannot map. PayPal's messages need PayPal's key.",
        epilog="Messages: " + "; ".join(f"{source}: {', '.join(names)}" for source, names in known.items()),
    )
    parser.add_argument("source", help="the sender, for example woocommerce")
    parser.add_argument("message", help="what it sends, for example created")
    asked = parser.parse_args(arguments)
    if asked.source not in known:
        sys.exit(f"There is no source '{asked.source}'; there are {', '.join(known)}.")
    names = known[asked.source]
    if asked.message not in names:
        sys.exit(f"{asked.source} has no message '{asked.message}'; it has {', '.join(names)}.")
    return names[asked.message]


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
