"""The dashboard in a real browser, on the real running platform: right, live, reachable by everyone."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from bench.browser.chromium import open_browser
from bench.browser.screen import measure_screen
from core import postgres
from stack.host.waiting import wait_until
from tests.e2e.platform import Platform

pytestmark = pytest.mark.timeout(600)

PAGES = ("/", "/events", "/sources?source=stripe", "/ops")
WIDE, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LATE_MS = 30_000
COUNTS = """
    SELECT sum(orders_created), sum(payment_failed), sum(orders_cancelled), sum(revenue) FILTER (WHERE currency = 'VND')
    FROM kpi_1m_by_currency WHERE window_start >= now() - interval '1 hour'
"""
CARDS = ("orders_created", "payment_failed", "orders_cancelled", "revenue")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained of; a test that breaks something on purpose clears it."""
    return []


@pytest.fixture
def page(browser: Browser, platform: Platform, complaints: list[str]) -> Iterator[Page]:
    """A fresh visitor in Vietnam with an English browser. The console must stay silent."""
    context = browser.new_context(
        base_url=f"http://localhost:{platform.settings.api.port}",
        viewport=WIDE,
        locale="en-GB",
        timezone_id="Asia/Ho_Chi_Minh",
    )
    opened = context.new_page()
    opened.set_default_timeout(LATE_MS)
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def value(page: Page, card: str) -> Decimal:
    text = page.locator(f'[data-kpi="{card}"] [data-testid="kpi-value"]').inner_text()
    return Decimal(re.sub(r"[^0-9.]", "", text) or "0")


def wait_state(page: Page, state: str) -> None:
    expect(page.get_by_test_id("freshness")).to_have_attribute("data-state-name", state, timeout=180_000)


def test_the_numbers_equal_the_database_at_that_moment(page: Page, platform: Platform) -> None:
    page.goto("/?range=1h")
    wait_state(page, "live")
    with postgres.connect(platform.settings.postgres, autocommit=True) as connection:

        def of_the_database() -> list[Decimal]:
            row = connection.execute(COUNTS).fetchone()
            assert row is not None
            return [Decimal(each) for each in row]

        def agree() -> bool:
            """The page's numbers lie between the database's before and after the look at it, which are the same."""
            before = of_the_database()
            shown = [value(page, card) for card in CARDS]
            return before == shown and of_the_database() == before

        assert wait_until(agree, 30, poll_s=0.05), [of_the_database(), [value(page, card) for card in CARDS]]


def test_the_numbers_move_without_a_reload(page: Page) -> None:
    page.goto("/?range=1h")
    wait_state(page, "live")
    page.evaluate("window.sameDocument = true")
    before = value(page, "orders_created")
    assert wait_until(lambda: value(page, "orders_created") > before, 30)
    assert page.evaluate("window.sameDocument") is True


def test_a_commit_is_on_the_screen_soon(
    browser: Browser, platform: Platform, measured: Callable[[str], None]
) -> None:
    found = measure_screen(platform.settings, browser, 10)
    measured(
        f"commit to painted number p50 {found.from_commit.p50:.0f}, p95 {found.from_commit.p95:.0f} ms; "
        f"event to painted number p50 {found.from_event.p50:.0f} ms (trigger of 1 s); LCP {found.lcp_ms:.0f}, INP {found.inp_ms:.0f} ms, CLS {found.cls}"
    )
    assert found.from_commit.p50 < 1000, "300 ms is the goal on a machine without tests beside it"
    assert found.cls <= 0.02


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, path: str, theme: str) -> None:
    # A row that fades in is pale for a moment, which on a busy machine is long.
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.goto(path)
    wait_state(page, "live")
    page.locator("main [aria-busy=true]").first.wait_for(state="detached")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, { runOnly: tags })", RULES)
    faults = [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found["violations"]]
    assert faults == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out_of_a_phone(page: Page, path: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(path)
    wait_state(page, "live")
    page.locator("main [aria-busy=true]").first.wait_for(state="detached")
    assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_role("navigation").last).to_be_in_viewport()


def test_the_wall_shows_numbers_and_nothing_else(page: Page) -> None:
    page.goto("/")
    wait_state(page, "live")
    page.keyboard.press("f")
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.locator('[data-kpi="revenue"]').first).to_be_in_viewport()
    page.keyboard.press("f")
    expect(page.get_by_role("navigation").first).to_be_visible()


def test_a_dead_api_is_reported_and_the_page_recovers(
    page: Page, platform: Platform, complaints: list[str]
) -> None:
    page.goto("/?range=1h")
    wait_state(page, "live")
    pid = platform.pids()["api"]
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_state(page, "disconnected")
        expect(page.get_by_role("status").first).to_contain_text("Disconnected")
    finally:
        os.kill(pid, signal.SIGKILL)
    wait_state(page, "live")
    before = value(page, "orders_created")
    assert wait_until(lambda: value(page, "orders_created") > before, 30)
    complaints.clear()


def test_a_dead_database_is_survived(page: Page, platform: Platform, complaints: list[str]) -> None:
    page.goto("/?range=1h")
    wait_state(page, "live")
    pid = platform.pids()["postgres"]
    assert pid is not None
    before = value(page, "orders_created")
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: value(page, "orders_created") > before + 20, 60)
    wait_state(page, "live")
    complaints.clear()


def test_filters_are_in_the_address_and_survive_a_reload(page: Page) -> None:
    page.goto("/events")
    wait_state(page, "live")
    page.get_by_role("button", name="Type").click()
    page.get_by_role("checkbox", name="Paid").check()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("payment_success"))
    page.reload()
    wait_state(page, "live")
    rows = page.get_by_role("grid").get_by_role("row").filter(has=page.get_by_role("gridcell"))
    expect(rows.first).to_contain_text("Paid")
    assert wait_until(lambda: rows.count() > 5, 20)
    assert all("Paid" in text for text in rows.all_inner_texts())


def test_an_event_is_found_and_opened_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    wait_state(page, "live")
    page.keyboard.type("ge")
    expect(page.get_by_role("heading", name="Events")).to_be_visible()
    page.get_by_role("gridcell").first.wait_for()
    in_the_grid = "document.activeElement.closest('[role=grid]') !== null"
    for _ in range(40):
        if page.evaluate(in_the_grid):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", name=re.compile("ORD"))).to_be_visible()
    expect(drawer.get_by_role("list", name="Journey").get_by_role("listitem").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).not_to_be_visible()
    assert page.evaluate(in_the_grid)


@pytest.mark.slow
def test_the_stream_is_stopped_and_started_on_the_page(page: Page) -> None:
    page.goto("/ops")
    wait_state(page, "live")
    stream = page.get_by_role("listitem", name="Spark query events_clean")
    stream.get_by_role("button", name=re.compile("Stop")).click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(stream).to_contain_text("Stopped", timeout=90_000)
    wait_state(page, "stopped")
    stream.get_by_role("button", name=re.compile("Start")).click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    wait_state(page, "live")
