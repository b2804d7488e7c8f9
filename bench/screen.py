"""`python -m bench.screen`: from the commit of a batch, and from an event's time, to the painted number.

A browser without a window shows the dashboard of the running platform. The page says of which moment its
numbers are (`data-as-of`, the database's clock); a batch is on the screen with the first painted frame
whose moment is not before its commit. Database, API and browser share the machine's clock.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import numpy as np
import typer
from playwright.sync_api import Browser, Page
from rich.console import Console
from rich.table import Table

from bench.chromium import open_browser
from bench.kpi_watch import Floats
from bench.latency import Percentiles
from core import postgres
from core.errors import OrderpulseError, StackError
from core.settings import Settings, load_settings

__all__ = ["ScreenResult", "app", "measure_screen"]

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
"""Notes each moment that the page shows, and when the frame that shows it was painted."""

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
"""Notes how long the page took to paint after each click or key, in steps of 8 ms, from 16 ms on."""

SAMPLE_S = 0.01
SETTLE_MS = 3_000
"""Before the first and after the last batch that counts."""

BETWEEN_CLICKS_MS = 500

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class ScreenResult:
    """Milliseconds to the painted frame, and the page's own vitals: LCP and INP in ms, CLS without a unit.

    INP is that of the slowest of the clicks on every choice of the page, one after another.
    """

    from_commit: Percentiles
    from_event: Percentiles
    lcp_ms: float
    inp_ms: float
    cls: float


@app.command()
def screen(
    seconds: Annotated[float, typer.Option(min=5, help="Measured time.")] = 30.0,
) -> None:
    """Watch the dashboard of the running platform; set its load with the job set_generator_rate."""
    try:
        with open_browser() as browser:
            found = measure_screen(load_settings(), browser, seconds)
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
    table = Table("from", "p50 ms", "p95 ms", "p99 ms", "samples", title="To the painted number")
    for name, p in (("commit of the batch", found.from_commit), ("event time", found.from_event)):
        table.add_row(name, *(f"{value:,.0f}" for value in (p.p50, p.p95, p.p99)), f"{p.events:,}")
    Console().print(table)
    Console().print(f"LCP {found.lcp_ms:,.0f} ms, INP {found.inp_ms:,.0f} ms, CLS {found.cls:.3f}")


def measure_screen(settings: Settings, browser: Browser, seconds: float) -> ScreenResult:
    """Open the page, let it settle, watch it. Raises `StackError` where it shows no numbers."""
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
        raise StackError("No batch was committed, or the page showed none; do generator and stream run?")
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
    """The dashboard, with its first numbers."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"http://localhost:{settings.api.port}/?range=15m")
    page.wait_for_selector("[data-as-of]", timeout=15_000)
    return page


def _slowest_click_ms(settings: Settings, browser: Browser) -> float:
    """Click every choice of a settled page, twice around; 16 where none took longer, the least that a browser tells."""
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
    """When the frame was painted that first had each commit; infinity where none did."""
    order = np.argsort(moments)
    place = np.searchsorted(moments[order], commits)
    return np.append(frames[order], np.inf)[place]


if __name__ == "__main__":
    app(prog_name="python -m bench.screen")
