"""`python -m bench.chromium`: the browser of tests and measurements, Debian's, installed where it is missing.

Playwright drives it; Playwright's own browsers are not used, since they come from elsewhere.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from core.errors import OrderpulseError, PrerequisiteError

__all__ = ["ensure_chromium", "open_browser"]

PROGRAM = "chromium"
HOW_TO_INSTALL = f"install it with `apt-get install {PROGRAM}` (Debian)"


def ensure_chromium() -> str:
    """Path of the browser. Root on Debian gets it installed; else raises `PrerequisiteError` with the command."""
    found = shutil.which(PROGRAM)
    if found is not None:
        return found
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise PrerequisiteError(f"{PROGRAM} is needed to look at the dashboard: {HOW_TO_INSTALL}.")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update",), ("install", "--yes", "--no-install-recommends", PROGRAM)):
        answer = subprocess.run(
            [apt, "-q", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if answer.returncode != 0:
            said = (answer.stdout + answer.stderr).strip()[-800:]
            raise PrerequisiteError(f"{PROGRAM} could not be installed; {HOW_TO_INSTALL}. It said: {said}")
    return ensure_chromium()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser without a window. It reaches nothing but this machine."""
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
