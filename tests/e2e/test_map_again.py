"""A message that did not map, from its arrival to 'Map again' in a browser, on the running platform."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from bench.browser.chromium import open_browser
from core.clock import to_iso8601
from intake.secrets import Secrets, write_secret
from tests.e2e.platform import Platform
from tests.e2e.test_dashboard import AXE, PHONE, RULES, WIDE

pytestmark = pytest.mark.timeout(900)

RUN_MS = 300_000
"""A run of the batch layer starts a worker of Dagster and Spark, beside everything else."""

SOURCE = """
title: The shop's till
setup: []
signature: {{scheme: bearer}}
message: {{value: sale}}
fields:
  orderId: body.number
  userId: {{value: guest}}
  amount: {amount}
  currency: {{value: VND}}
  id: body.number
  eventTime: body.at
messages:
  sale:
    - event: order_created
"""
NAME, KEY = "till", "the-key-of-the-till-0123456789-0123456789"
WAITS = "SELECT count(*) FROM ops.events_rejected WHERE source = 'till' AND unmapped_reason = 'no_amount' AND replayed_at IS NULL"


@pytest.fixture
def page(platform: Platform) -> Iterator[Page]:
    address = f"http://localhost:{platform.settings.api.port}"
    with open_browser() as browser:
        context = browser.new_context(
            base_url=address, viewport=WIDE, locale="en-GB", color_scheme="dark", reduced_motion="reduce"
        )
        yield context.new_page()
        context.close()


def write_source(platform: Platform, amount: str) -> None:
    folder = platform.settings.sources_dir
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.yaml").write_text(SOURCE.format(amount=amount), encoding="utf-8")


def send(platform: Platform, number: str) -> None:
    body = {"number": number, "sum": 250_000, "at": to_iso8601(datetime.now(UTC))}
    answer = httpx.post(
        f"http://localhost:{platform.settings.intake.port}/v1/sources/{NAME}",
        content=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {KEY}"},
        trust_env=False,
        timeout=30,
    )
    assert answer.status_code == 200, answer.text


def check_page(page: Page, size: ViewportSize) -> None:
    """Axe finds nothing, and nothing sticks out."""
    page.set_viewport_size(size)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, { runOnly: tags })", RULES)
    assert [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found["violations"]] == []
    assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")


def test_a_message_is_mapped_again_after_its_source_was_changed(platform: Platform, page: Page) -> None:
    """By the keyboard, in dark colours, on a phone too."""
    write_source(platform, "body.total")
    write_secret(Secrets(platform.settings).source_file(NAME), KEY.encode())
    numbers = [f"TILL-{uuid4().hex[:8]}" for _ in range(2)]
    for number in numbers:
        send(platform, number)
    assert platform.wait_for(f"SELECT ({WAITS}) = 2"), platform.status()  # of this module
    page.goto(f"/sources?source={NAME}")
    waiting = page.get_by_role("region", name="Messages that wait to be mapped")
    expect(waiting).to_contain_text("2 messages did not map and wait.")
    write_source(platform, "body.sum")
    button = waiting.get_by_role("button", name="Map again")
    button.focus()
    page.keyboard.press("Enter")
    expect(waiting.get_by_role("status")).to_contain_text("It takes about a minute")
    check_page(page, PHONE)
    expect(waiting.get_by_role("listitem")).to_have_text(
        ["2 messages map now", "2 new events"], timeout=RUN_MS
    )
    expect(waiting).to_contain_text("None.")
    for size in (PHONE, WIDE):
        check_page(page, size)
    entered = (
        "SELECT count(*) FROM events_clean WHERE order_id IN ('{}', '{}') AND event_type = 'order_created'"
    )
    assert platform.wait_for(entered.format(*numbers)) == 2
    assert platform.wait_for(f"SELECT ({WAITS}) = 0")  # of this module
