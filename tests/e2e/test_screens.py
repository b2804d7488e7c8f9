"""What only a browser shows: colours forced by the system, paper, a phone of 320 px, a wall at 4K."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from bench.browser.chromium import open_browser
from stack.host.waiting import wait_until
from tests.e2e.platform import Platform

pytestmark = pytest.mark.timeout(600)

PAGES = ("/", "/events", "/events?tab=rejected", "/sources?source=stripe", "/ops", "/nowhere")
WIDE, UHD = ViewportSize(width=1440, height=900), ViewportSize(width=3840, height=2160)
ALERTS = '{"orders":{"on":true,"limit":1000000},"revenue":{"VND":{"on":true,"limit":1000000000000000}}}'
LATE_MS = 30_000

Open = Callable[..., Page]

COLLISIONS = """
() => [...document.querySelectorAll('[data-testid="series-legend"] > div')].flatMap((one, index, all) =>
  all.slice(index + 1).filter((other) => {
    const a = document.createRange(), b = document.createRange();
    a.selectNodeContents(one); b.selectNodeContents(other);
    const [p, q] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
    return p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1;
  }).map((other) => `${one.innerText} / ${other.innerText}`))
"""
SMALLEST_PX = """
() => Math.min(...[...document.querySelectorAll('main *')]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '') && one.offsetParent)
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))
"""
INSIDE = """
() => { const grid = document.querySelector('[role="grid"]'); return grid.scrollWidth <= grid.clientWidth; }
"""
CANVAS_INK = """
() => {
  const canvas = document.querySelector('.uplot canvas');
  if (!canvas) return 255;
  const { data } = canvas.getContext('2d').getImageData(0, 0, Math.round(canvas.width * 0.06), canvas.height);
  let sum = 0, count = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) { sum += data[at] + data[at + 1] + data[at + 2]; count += 3; }
  return count === 0 ? 255 : sum / count;
}
"""
"""Mean brightness, 0 to 255, of the letters at the plot's left axis; 255 while there are none."""


def wait_until_true(page: Page, expression: str) -> None:
    """Playwright's own wait evaluates a text inside the page, which the content security policy refuses."""
    assert wait_until(lambda: bool(page.evaluate(expression)), LATE_MS / 1000), expression


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def open_page(browser: Browser, platform: Platform) -> Iterator[Open]:
    """Opens a page as a visitor whose browser is as said, and waits until its numbers are there."""
    contexts: list[BrowserContext] = []

    def visit(path: str, viewport: ViewportSize = WIDE, alerts: str = "{}", **of: object) -> Page:
        context = browser.new_context(
            base_url=f"http://localhost:{platform.settings.api.port}",
            viewport=viewport,
            locale="en-GB",
            timezone_id="Asia/Ho_Chi_Minh",
            **of,  # type: ignore[arg-type]  # what the test wants of Playwright
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(LATE_MS)
        page.add_init_script(f"localStorage.setItem('orderpulse.alerts', '{alerts}')")
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        wait_until_true(page, "!document.querySelector('main [aria-busy=true], main .animate-pulse')")
        return page

    yield visit
    for context in contexts:
        context.close()


def background(page: Page, selector: str) -> str:
    return str(page.locator(selector).first.evaluate("one => getComputedStyle(one).backgroundColor"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_show_what_is_chosen(open_page: Open, scheme: str) -> None:
    page = open_page("/", forced_colors="active", color_scheme=scheme)
    canvas = background(page, "body")
    for chosen, other in (
        ('[aria-current="page"]', 'nav a:not([aria-current="page"])'),
        ('[role="radio"][aria-checked="true"]', '[role="radio"][aria-checked="false"]'),
    ):
        assert background(page, chosen) not in (background(page, other), canvas)
    bars = page.locator("[data-funnel] .fill-meaning")
    assert bars.count() == 3
    assert all(
        bars.nth(index).evaluate("one => getComputedStyle(one).backgroundColor") != canvas
        for index in range(3)
    )


@pytest.mark.parametrize("path", ["/", "/ops"])
def test_paper_is_light_and_without_the_frame(open_page: Open, path: str) -> None:
    page = open_page(path, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert background(page, "body") == "rgb(255, 255, 255)"
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if path == "/":
        wait_until_true(page, f"({CANVAS_INK})() < 160")
        assert len(page.pdf(format="A4")) > 20_000


@pytest.mark.parametrize("size", [ViewportSize(width=1920, height=1080), UHD])
def test_alerts_leave_the_walls_chart_on_the_screen(open_page: Open, size: ViewportSize) -> None:
    page = open_page("/?wall=true", size, alerts=ALERTS)
    expect(page.locator("[data-alert]")).to_have_count(2)
    chart = page.locator(".uplot canvas")
    expect(chart).to_be_in_viewport(ratio=0.99)
    assert page.evaluate("document.scrollingElement.scrollHeight <= window.innerHeight")
    smallest = page.evaluate(SMALLEST_PX)
    assert smallest * 1920 / size["width"] >= 12, f"letters of {smallest} px"


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out_or_collides_at_320_px(open_page: Open, path: str) -> None:
    page = open_page(path, ViewportSize(width=320, height=640))
    assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(COLLISIONS) == []


@pytest.mark.parametrize("path", ["/events", "/events?tab=rejected"])
def test_no_column_of_the_events_is_cut_off(open_page: Open, path: str) -> None:
    page = open_page(path)
    for width in (768, 1024):
        page.set_viewport_size(ViewportSize(width=width, height=768))
        wait_until_true(page, INSIDE)


def test_the_focus_stays_in_the_live_events(open_page: Open) -> None:
    page = open_page("/")
    events = page.get_by_role("region", name="Live events")
    events.get_by_role("link").nth(1).focus()
    orders = page.locator('[data-kpi="orders_created"] [data-testid="kpi-value"]')
    for row in range(1, 4):
        before = orders.inner_text()
        expect(orders).not_to_have_text(before, timeout=LATE_MS)  # an event came meanwhile
        assert events.get_by_role("link").nth(row).evaluate("one => one === document.activeElement")
        page.keyboard.press("Tab")


def test_a_zone_is_offered_by_its_present_name(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press(",")
    zones = page.get_by_label("Time zone").locator("option").all_inner_texts()
    assert "This device (Asia/Ho_Chi_Minh)" in zones
    assert {"Asia/Ho_Chi_Minh", "Asia/Kolkata", "Europe/Kyiv", "UTC"} <= set(zones)
    assert not {"Asia/Saigon", "Asia/Calcutta", "Europe/Kiev"} & set(zones)
