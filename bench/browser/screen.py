"""`python -m bench.browser.screen`: from the commit of a batch, and from an event's time, to the painted number.

A headless browser shows the dashboard of the running platform. The page contains the time of its
numbers (`data-as-of`, the database's clock); a batch is on the screen with the first painted frame
whose time is not before its commit. Database, API and browser share the machine's clock.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import numpy as np
import typer
from playwright.sync_api import Browser, Page

from bench.browser.chromium import open_browser
from bench.command import run, show
from bench.kpi_watch import Floats
from bench.latency import Percentiles
from core import postgres
from core.errors import StackError
from core.settings import Settings, load_settings

WATCH = """
() => {
  const seen = (window.__painted = []);
  let shown = null;
  const look = () => {
    const moment = document.querySelector("[data-as-of]")?.getAttribute("data-as-of") ?? null;
    if (moment !== null && moment !== shown) {
      shown = moment;
      requestAnimationFrame(() => setTimeout(() => seen.push([moment, Date.now()]), 0));
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
}
"""
"""Records each time that the page shows, and when its frame was painted."""

BATCHES = """
    SELECT extract(epoch FROM committed_at)::float8, extract(epoch FROM max_event_time)::float8
    FROM ops.stream_batch
    WHERE query_name = 'kpi_1m' AND records_read > 0 AND committed_at BETWEEN %s AND %s
    ORDER BY committed_at
"""
VITALS = """
() => new Promise((resolve) => {
  const found = { lcp: 0, cls: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) found.lcp = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) found.cls += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(found), 200);
})
"""
INTERACTIONS = """
() => {
  const found = (window.__interactions = []);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.interactionId) found.push(entry.duration);
  }).observe({ type: "event", durationThreshold: 16 });
}
"""
"""Records how long the page took to paint after each click or key, in steps of 8 ms, from 16 ms on."""

SAMPLE_S = 0.01
SETTLE_MS = 3_000
"""Margin before the first and after the last measured batch."""

BETWEEN_CLICKS_MS = 500


@dataclass(frozen=True, slots=True)
class ScreenResult:
    """Milliseconds to the painted frame, and the page's own vitals: LCP and INP in ms, CLS without a unit.

    INP is the slowest of successive clicks on every choice of the page.
    """

    from_commit: Percentiles
    from_event: Percentiles
    lcp_ms: float
    inp_ms: float
    cls: float


def screen(
    seconds: Annotated[float, typer.Option(min=5, help="Measured time.")] = 30.0,
) -> None:
    """Watch the dashboard of the running platform; set its load with the job set_generator_rate."""
    with open_browser() as browser:
        found = measure_screen(load_settings(), browser, seconds)
    delays = {"commit of the batch": found.from_commit, "event time": found.from_event}
    show("To the painted number", [{"from": name} | each.cells() for name, each in delays.items()])
    print(f"LCP {found.lcp_ms:,.0f} ms, INP {found.inp_ms:,.0f} ms, CLS {found.cls:.3f}")


def measure_screen(settings: Settings, browser: Browser, seconds: float) -> ScreenResult:
    """Open the page, let it settle, measure. Raises `StackError` if it shows no numbers."""
    page = _opened(settings, browser)
    try:
        vitals = page.evaluate(VITALS)
        page.evaluate(WATCH)
        page.wait_for_timeout(SETTLE_MS)
        begun = datetime.now(UTC)
        page.wait_for_timeout(seconds * 1000)
        ended = datetime.now(UTC)
        page.wait_for_timeout(SETTLE_MS)
        painted = page.evaluate("() => window.__painted")
    finally:
        page.close()
    moments = np.array([datetime.fromisoformat(moment).timestamp() for moment, _ in painted])
    frames = np.array([at / 1000 for _, at in painted])
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        rows = connection.execute(BATCHES, (begun, ended + timedelta(seconds=1))).fetchall()
    if not rows or not len(moments):
        raise StackError("No batch was committed, or the page showed none. Are generator and stream running?")
    commits, newest = np.array(rows, dtype=float).T
    shown = _first_shown(commits, moments, frames)
    events = np.arange(newest[0], min(newest[-1], ended.timestamp()), SAMPLE_S)
    counted = np.searchsorted(np.maximum.accumulate(newest), events)
    return ScreenResult(
        Percentiles.of((shown - commits)[np.isfinite(shown)] * 1000),
        Percentiles.of((shown[counted] - events)[np.isfinite(shown[counted])] * 1000),
        round(float(vitals["lcp"]), 1),
        _slowest_click_ms(settings, browser),
        round(float(vitals["cls"]), 4),
    )


def _opened(settings: Settings, browser: Browser) -> Page:
    """The dashboard, loaded with its first numbers."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"http://localhost:{settings.api.port}/?range=15m")
    page.wait_for_selector("[data-as-of]", timeout=15_000)
    return page


def _slowest_click_ms(settings: Settings, browser: Browser) -> float:
    """Slowest click in ms, over two rounds of every choice; 16, the browser's minimum, if none took longer."""
    page = _opened(settings, browser)
    try:
        page.wait_for_timeout(SETTLE_MS)
        page.evaluate(INTERACTIONS)
        for choice in page.get_by_role("radio").all() * 2:
            choice.click()
            page.wait_for_timeout(BETWEEN_CLICKS_MS)
        return max((float(took) for took in page.evaluate("() => window.__interactions")), default=16.0)
    finally:
        page.close()


def _first_shown(commits: Floats, moments: Floats, frames: Floats) -> Floats:
    """When the first frame with each commit was painted; infinity if there is none."""
    order = np.argsort(moments)
    place = np.searchsorted(moments[order], commits)
    return np.append(frames[order], np.inf)[place]


if __name__ == "__main__":
    run(screen, "bench.browser.screen")
