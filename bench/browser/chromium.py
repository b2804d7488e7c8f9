"""`python -m bench.browser.chromium`: Debian's browser for tests and measurements, installed if missing.

Playwright drives it; Playwright's own browsers are not used, since they need a separate download.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from bench.debian import install
from core.errors import OrderpulseError

PROGRAM = "chromium"


def ensure_chromium() -> str:
    """Path of the browser. Root on Debian gets it installed; else raises `PrerequisiteError` with the command."""
    found = shutil.which(PROGRAM)
    if found is not None:
        return found
    install(PROGRAM, "to look at the dashboard")
    return ensure_chromium()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless browser that can reach only this machine."""
    with sync_playwright() as playwright:
        arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        browser = playwright.chromium.launch(executable_path=ensure_chromium(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ensure_chromium()}\n")
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
