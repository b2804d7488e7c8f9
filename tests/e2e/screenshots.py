"""`python -m tests.e2e.screenshots`: the pictures of the page docs/operations.md, taken from the running platform.

A browser without a window looks at Dagster's web page; the platform should have run for two minutes, so that
each asset and check has something to show.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
from pathlib import Path

from PIL import Image

from core.errors import OrderpulseError, PrerequisiteError, StackError
from core.settings import load_settings
from tests.e2e.dagster_ui import DagsterUi

IMAGES = Path(__file__).parents[2] / "docs" / "images"
BROWSER = "chromium"
WIDTH = 1400
"""Of every picture, in pixels; the graph is taken larger and made smaller, so that all of it is seen."""

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


def smaller(png: bytes) -> bytes:
    """The same picture, `WIDTH` pixels wide, with a palette."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if picture.width != WIDTH:
        picture = picture.resize((WIDTH, picture.height * WIDTH // picture.width), Image.Resampling.LANCZOS)
    small = io.BytesIO()
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(small, "PNG", optimize=True)
    return small.getvalue()


def main() -> None:
    """Take all pictures."""
    browser = shutil.which(BROWSER)
    if browser is None:
        raise PrerequisiteError(
            f"{BROWSER} is missing; on Debian install it with `apt-get install chromium`."
        )
    settings = load_settings()
    address = f"http://localhost:{settings.dagster.webserver_port}"
    try:
        chosen = pages(DagsterUi(settings))
    except urllib.error.URLError:
        raise StackError(f"Dagster does not answer on {address}; start it with `orderpulse up`.") from None
    IMAGES.mkdir(exist_ok=True)
    for name, (path, width, height) in chosen.items():
        png = smaller(take(browser, address + path, width, height))
        (IMAGES / f"{name}.png").write_bytes(png)
        sys.stdout.write(f"docs/images/{name}.png: {len(png) // 1000} kB\n")


if __name__ == "__main__":
    try:
        main()
    except OrderpulseError as error:
        sys.exit(f"screenshots: {error}")
