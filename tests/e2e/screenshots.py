"""`python -m tests.e2e.screenshots`: the pictures of the documentation, taken from the running platform.

A browser without a window looks at the dashboard and at Dagster's web page; the platform should have run for
a quarter of an hour, so that there is something to show.
"""

import io
import os
import subprocess
import sys
import tempfile
import urllib.error
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from bench.browser.chromium import ensure_chromium, open_browser
from core.errors import OrderpulseError, StackError
from core.settings import Settings, load_settings
from tests.e2e.dagster_ui import DagsterUi

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH = 1400
"""Of every picture of Dagster, in pixels; the graph is taken larger and made smaller, so that all of it is seen."""

SCREENS = {"": (1440, 1166), "_phone": (390, 844)}
DASHBOARD_PAGES = {"dashboard": "/?range=1h", "events": "/events", "ops": "/ops"}
SETTLED_MS = 4_000
"""For the page's last animations."""

COLOURS = 128
"""Of the palette: a web page needs few, and a picture takes a third of the bytes."""

GROUPS = ",".join(f"global@global:{group}" for group in ("events", "kpis", "warehouse"))
"""As the page of the graph names those that it shows open."""

PATIENCE_MS = 20_000
"""The page's own time, which the browser lets pass faster than ours while nothing is loading."""

TIMEOUT_S = 90


def pages(ui: DagsterUi) -> dict[str, tuple[str, int, int]]:
    """Path of the page, and width and height of the window, by the picture's name. Raises `StackError`."""
    attached = ui.runs("spark_stream", "STARTED")
    if not attached:
        raise StackError(
            "No run is attached to the stream, so there is none to show; start it with `orderpulse up`."
        )
    return {
        "asset_graph": (f"/asset-groups?expanded={GROUPS}", 2200, 1980),
        "asset_events": ("/assets/events_clean?view=events", WIDTH, 760),
        "asset_checks": ("/assets/kpi_1m?view=checks&checkDetail=reconciliation", WIDTH, 700),
        "attached_run": (f"/runs/{attached[0]}", WIDTH, 900),
        "jobs": ("/jobs", WIDTH, 840),
        "automation": ("/automation", WIDTH, 560),
    }


def take(browser: str, address: str, width: int, height: int) -> bytes:
    """The page at `address` as a PNG. Raises `StackError` with the browser's words."""
    with tempfile.TemporaryDirectory(prefix="orderpulse-browser-") as folder:
        picture = Path(folder) / "picture.png"
        command = [
            *(browser, "--headless=new", "--disable-gpu", "--hide-scrollbars"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            *(f"--user-data-dir={folder}/profile", f"--window-size={width},{height}"),
            *(f"--virtual-time-budget={PATIENCE_MS}", f"--screenshot={picture}", address),
        ]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise StackError(f"{browser} did not finish with {address} in {TIMEOUT_S} s.") from None
        if not picture.exists():
            raise StackError(f"{browser} took no picture of {address}: {answer.stderr.strip()[-500:]}")
        return picture.read_bytes()


def take_dashboard(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Each page of the dashboard, light and dark, on a desk and on a phone: the picture's name and a PNG."""
    with open_browser() as browser:
        for theme in ("light", "dark"):
            for screen, (width, height) in SCREENS.items():
                context = browser.new_context(
                    base_url=f"http://localhost:{settings.api.port}",
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if theme == "dark" else "light",
                    locale="en-GB",
                    timezone_id="Asia/Ho_Chi_Minh",
                )
                page = context.new_page()
                for name, path in DASHBOARD_PAGES.items():
                    page.goto(path)
                    page.locator('[data-testid="freshness"][data-state-name="live"]').wait_for()
                    page.wait_for_timeout(SETTLED_MS)
                    picture = f"{name}{screen}{'_dark' if theme == 'dark' else ''}"
                    yield picture, page.screenshot()
                context.close()


def smaller(png: bytes, width: int | None = None) -> bytes:
    """The same picture with a palette, and `width` pixels wide."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if width is not None and picture.width != width:
        picture = picture.resize((width, picture.height * width // picture.width), Image.Resampling.LANCZOS)
    small = io.BytesIO()
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(small, "PNG", optimize=True)
    return small.getvalue()


def main() -> None:
    """Take all pictures."""
    browser = ensure_chromium()
    settings = load_settings()
    address = f"http://localhost:{settings.dagster.webserver_port}"
    try:
        chosen = pages(DagsterUi(settings))
    except urllib.error.URLError:
        raise StackError(f"Dagster does not answer on {address}; start it with `orderpulse up`.") from None
    IMAGES.mkdir(exist_ok=True)
    for name, png in take_dashboard(settings):
        save(name, smaller(png))
    for name, (path, width, height) in chosen.items():
        save(name, smaller(take(browser, address + path, width, height), WIDTH))


def save(name: str, png: bytes) -> None:
    """Write a picture of the documentation."""
    (IMAGES / f"{name}.png").write_bytes(png)
    sys.stdout.write(f"docs/images/{name}.png: {len(png) // 1000} kB\n")


if __name__ == "__main__":
    try:
        main()
    except OrderpulseError as error:
        sys.exit(f"screenshots: {error}")
