"""Many tabs of one browser: one stream for all of them, whatever becomes of the tab that reads it."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, expect

from bench.browser.chromium import open_browser
from stack.host.waiting import wait_until
from tests.e2e.platform import Platform

pytestmark = pytest.mark.timeout(600)

MOVES_S = 30
HANDS_OVER_S = 30
"""A leader that hangs is silent for up to 16 s before its lock is taken."""

SET_VISIBILITY = """
state => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  Object.defineProperty(document, "hidden", { configurable: true, get: () => state === "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""
"""A browser that is driven shows every page as visible."""


class Tabs:
    """Pages of one browser profile, and the streams that they hold."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self._streams: dict[Request, Page] = {}
        context.on("request", self._begun)
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)

    def _begun(self, request: Request) -> None:
        if "/api/v1/stream" in request.url:
            self._streams[request] = request.frame.page

    def _ended(self, request: Request) -> None:
        self._streams.pop(request, None)

    def open(self, path: str) -> Page:
        """A further tab, once it is live."""
        page = self.context.new_page()
        page.goto(path)
        expect(page.get_by_test_id("freshness")).to_have_attribute("data-state-name", "live", timeout=30_000)
        return page

    def readers(self) -> list[Page]:
        """The tabs that hold a stream, once for each."""
        self.context.pages[-1].wait_for_timeout(50)  # lets the browser tell what happened
        return [page for page in self._streams.values() if not page.is_closed()]

    def leader(self) -> Page:
        """The one tab that holds the one stream; fails where it does not come to that."""
        found: list[Page] = []

        def is_one() -> bool:
            found[:] = self.readers()
            return len(found) == 1

        assert wait_until(is_one, 10), [page.url for page in found]
        return found[0]


def orders(page: Page) -> str:
    return page.locator('[data-kpi="orders_created"] [data-testid="kpi-value"]').inner_text()


def assert_moves(*pages: Page) -> None:
    """The numbers of each page change."""
    before = {page: orders(page) for page in pages}

    def still() -> list[str]:
        return [page.url for page in pages if orders(page) == before[page]]

    assert wait_until(lambda: not still(), MOVES_S), still()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def tabs(browser: Browser, platform: Platform) -> Iterator[Tabs]:
    context = browser.new_context(base_url=f"http://localhost:{platform.settings.api.port}", locale="en-GB")
    context.set_default_timeout(30_000)
    yield Tabs(context)
    context.close()


def test_eight_tabs_share_one_stream(tabs: Tabs) -> None:
    """Each looks at something else, and a click in the first still leads somewhere."""
    ranges = ("15m", "1h", "24h", "today")
    boards = [tabs.open(f"/?range={name}") for name in (*ranges, *ranges)]
    tabs.leader()
    assert_moves(*boards)
    first = boards[0]
    first.get_by_role("link", name="Events").first.click()
    expect(first.get_by_role("gridcell").first).to_be_visible()
    first.get_by_role("link", name="Dashboard").first.click()
    expect(first.locator('[data-kpi="orders_created"]')).to_be_visible()
    tabs.leader()
    assert_moves(*boards)


SLOW = pytest.mark.slow


@pytest.mark.parametrize("end", ["closed", "crashed", pytest.param("hanging", marks=SLOW), "hidden"])
def test_the_next_tab_reads_on_when_the_reader_is(tabs: Tabs, end: str) -> None:
    boards = [tabs.open(f"/?range={name}") for name in ("15m", "1h", "today")]
    reader = tabs.leader()
    others = [page for page in boards if page != reader]
    before = [orders(page) for page in others]
    match end:
        case "closed":
            reader.close()
        case "crashed":
            with suppress(Error):  # it never arrives
                reader.goto("chrome://crash", timeout=5_000)
        case "hanging":
            reader.evaluate("setTimeout(() => { for (;;); }, 0)")
        case "hidden":
            reader.evaluate(SET_VISIBILITY, "hidden")

    def all_move() -> bool:
        return all(orders(page) != value for page, value in zip(others, before, strict=True))

    assert wait_until(lambda: any(page in others for page in tabs.readers()), HANDS_OVER_S)
    assert wait_until(all_move, MOVES_S)
    for page in others:
        expect(page.get_by_test_id("freshness")).to_have_attribute("data-state-name", "live")


def test_a_hidden_page_lets_go_and_catches_up(tabs: Tabs) -> None:
    board = tabs.open("/?range=1h")
    other = tabs.open("/?range=1h")
    assert tabs.leader() in (board, other)
    for page in (board, other):
        page.evaluate(SET_VISIBILITY, "hidden")
    assert wait_until(lambda: not tabs.readers(), 10), "nobody looks, so no stream is held"
    board.wait_for_timeout(500)  # what came last is drawn
    before = orders(board)
    board.wait_for_timeout(2_000)
    assert orders(board) == before
    board.evaluate(SET_VISIBILITY, "visible")
    assert tabs.leader() == board
    assert_moves(board)
    assert orders(other) == before
    other.evaluate(SET_VISIBILITY, "visible")
    assert_moves(board, other)
    assert tabs.leader() == board


@SLOW
def test_a_tab_in_another_time_zone_has_its_own_day(tabs: Tabs) -> None:
    """Days begin elsewhere in each zone, so each zone has a stream."""
    board = tabs.open("/?range=today")
    elsewhere = tabs.context.new_page()
    elsewhere.add_init_script(
        "Storage.prototype.getItem = key => key === 'orderpulse.preferences' ? "
        "JSON.stringify({ timeZone: 'Pacific/Kiritimati' }) : null"
    )
    elsewhere.goto("/?range=today")
    assert_moves(board, elsewhere)
    assert sorted(page.url for page in tabs.readers()) == [board.url, elsewhere.url]


def test_without_locks_each_page_in_sight_has_its_own_stream(tabs: Tabs) -> None:
    """As over plain HTTP from another machine, where a browser has no Web Locks."""
    tabs.context.add_init_script("delete Navigator.prototype.locks")
    board, other = tabs.open("/?range=1h"), tabs.open("/?range=15m")
    assert wait_until(lambda: len(tabs.readers()) == 2, 10)
    other.evaluate(SET_VISIBILITY, "hidden")
    assert tabs.leader() == board
    assert_moves(board)


def test_pages_open_while_the_server_is_away(tabs: Tabs) -> None:
    """All of the application is fetched while the browser is idle."""
    page = tabs.open("/")
    fetched = "() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/page-')).length"
    names = ("Events", "Sources", "Operations", "Dashboard")
    assert wait_until(lambda: page.evaluate(fetched) == len(names), 15)
    tabs.context.set_offline(True)
    for name in names:
        page.get_by_role("link", name=name).first.click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_a_page_that_cannot_be_fetched_reports_it_and_comes_later(tabs: Tabs) -> None:
    tabs.context.add_init_script("window.requestIdleCallback = () => 0")
    page = tabs.open("/")
    page.evaluate("window.sameDocument = true")
    tabs.context.set_offline(True)
    page.get_by_role("link", name="Events").first.click()
    words = page.get_by_role("alert")
    expect(words).to_contain_text("The server did not respond.")
    words.get_by_role("button", name="Try again").click()
    expect(words).to_contain_text("The server still does not respond.")
    page.get_by_role("link", name="Dashboard").first.click()
    expect(page.locator('[data-kpi="orders_created"]')).to_be_visible()
    assert page.evaluate("window.sameDocument") is True, "nothing was lost"
    page.get_by_role("link", name="Events").first.click()
    tabs.context.set_offline(False)
    words.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1, name="Events")).to_be_visible()
