"""A clone of the tree in which a person works: the whole of docs/tutorial.md, and `orderpulse dev`."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from bench.browser.chromium import open_browser
from core.settings import Settings
from stack.host.ports import free_ports, is_open
from stack.host.waiting import wait_until
from tests.e2e.dagster_ui import DagsterUi
from tests.e2e.platform import isolated_settings
from tests.pages import ROOT, TUTORIAL, Reader, Step, reader, steps

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

STEPS = list(steps(TUTORIAL.read_text(encoding="utf-8")))
SECTIONS = list(dict.fromkeys(step.section for step in STEPS))
VIEW = "v_kpi_by_currency_1h"
RATE = "cancellation_rate"
START_TIMEOUT_S = 300
RELOAD_TIMEOUT_S = 90
END_TIMEOUT_S = 30
COLUMNS = """
query Columns($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      metadataEntries { ... on TableSchemaMetadataEntry { schema { columns { name description } } } }
    }
  }
}
"""


@dataclass(frozen=True)
class Clone:
    """The folder, and somebody who works in it. Its platform has these settings."""

    folder: Path
    settings: Settings
    person: Reader

    def run(self, command: str) -> None:
        """Run a command, which must end well."""
        self.person.follow(Step("", command))

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file, in which `old` must occur."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def clone() -> Iterator[Clone]:
    """A clone of the tree as it is now, in a folder with a name that people give."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse dự án-"))
    folder.chmod(0o755)
    tree = folder / "clone"
    listed = _git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    _git(tree, "init", "-q")
    _git(tree, "add", "-A")
    _git(tree, "-c", "user.name=reader", "-c", "user.email=reader@example.org", "commit", "-qm", "A clone")
    settings = isolated_settings(folder, {}).model_copy(update={"root": tree})
    made = Clone(tree, settings, reader(settings, tree, tree / ".venv" / "bin"))
    try:
        made.run("make install")
        yield made
    finally:
        made.run("make down")
        shutil.rmtree(folder)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_the_whole_tutorial(clone: Clone, measured: Callable[[str], None]) -> None:
    for section in SECTIONS:
        began = time.monotonic()
        for step in STEPS:
            if step.section == section:
                clone.person.follow(step)
        measured(f"tutorial, {section}: {time.monotonic() - began:.0f} s")
        if section.startswith("5."):
            check_the_new_rate(clone.settings)
    assert _git(clone.folder, "status", "--short") == ""


def documented(settings: Settings) -> Collection[str]:
    """The view's columns in the documentation that dbt has made; none until it is there."""
    answer = httpx.get(f"http://localhost:{settings.dagster.docs_port}/catalog.json", trust_env=False)
    if answer.status_code != httpx.codes.OK:
        return []
    columns: dict[str, object] = answer.json()["nodes"][f"model.orderpulse.{VIEW}"]["columns"]
    return columns


def columns_in_dagster(ui: DagsterUi) -> dict[str, str]:
    """The view's columns in Dagster, with their descriptions."""
    entries = ui.ask(COLUMNS, key={"path": [VIEW]})["assetNodeOrError"]["metadataEntries"]
    return {
        each["name"]: each["description"] for entry in entries if entry for each in entry["schema"]["columns"]
    }


def check_the_new_rate(settings: Settings) -> None:
    """The page's state of dbt's documentation, Dagster and the dashboard."""
    ui = DagsterUi(settings)
    assert wait_until(lambda: RATE in documented(settings), 120, poll_s=1.0)
    assert wait_until(lambda: RATE in columns_in_dagster(ui), 60, poll_s=1.0)
    assert columns_in_dagster(ui)[RATE].startswith("Orders cancelled as percent of orders created.")
    checks = {check["name"] for check in ui.assets()[VIEW]["assetChecksOrError"]["checks"]}
    assert f"not_negative_{VIEW}_{RATE}" in checks
    with open_browser() as browser:
        page = browser.new_page(base_url=f"http://localhost:{settings.api.port}", locale="en-GB")
        page.goto("/?range=1h")
        card = page.locator(f'[data-kpi="{RATE}"]')
        expect(card).to_contain_text("Cancellation rate", timeout=60_000)
        expect(card.get_by_test_id("kpi-value")).to_contain_text("%", timeout=60_000)
        page = browser.new_page(base_url=f"http://localhost:{settings.api.port}", locale="vi-VN")
        page.goto("/")
        expect(page.locator(f'[data-kpi="{RATE}"]')).to_contain_text("Tỷ lệ hủy đơn", timeout=60_000)


@contextmanager
def developing(clone: Clone, port: int) -> Iterator[subprocess.Popen[str]]:
    """`orderpulse dev`, once its dashboard answers; killed in the end if it still runs."""
    command = [str(clone.folder / ".venv" / "bin" / "orderpulse"), "dev", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=clone.folder,
        env=dict(clone.person.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert wait_until(lambda: is_open(port) or process.poll() is not None, START_TIMEOUT_S)
            yield process
        finally:
            process.kill()


def test_what_is_edited_is_reloaded(clone: Clone, measured: Callable[[str], None]) -> None:
    (port,) = free_ports(1)
    api = f"http://localhost:{clone.settings.api.port}/api/v1/openapi.json"
    ui = DagsterUi(clone.settings)

    def title(address: str) -> str:
        try:
            found: str = httpx.get(address, trust_env=False).json()["info"]["title"]
        except (httpx.HTTPError, ValueError):
            return ""
        return found

    def described() -> bool:
        checks = ui.assets()[VIEW]["assetChecksOrError"]["checks"]
        return any(check["description"].startswith("EDITED") for check in checks)

    def page() -> str:
        return httpx.get(f"http://localhost:{port}/", trust_env=False).text

    def wait(what: str, condition: Callable[[], bool]) -> None:
        began = time.monotonic()
        assert wait_until(condition, RELOAD_TIMEOUT_S), what
        measured(f"dev, an edit of {what} is answered after {time.monotonic() - began:.1f} s")

    with developing(clone, port) as process:
        assert title(api.replace(str(clone.settings.api.port), str(port))) == "orderpulse", (
            "Vite asks the API"
        )
        clone.edit("frontend/index.html", "<title>orderpulse", "<title>EDITED")
        wait("the dashboard", lambda: "<title>EDITED" in page())
        clone.edit("api/app.py", 'title="orderpulse"', 'title="EDITED"')
        wait("the API", lambda: title(api) == "EDITED")
        clone.edit("api/app.py", 'title="EDITED"', "title=(")
        wait("the API, wrong,", lambda: title(api) == "")
        clone.edit("api/app.py", "title=(", 'title="orderpulse"')
        wait("the API, right again,", lambda: title(api) == "orderpulse")
        clone.edit("orchestration/defs/warehouse/translator.py", "f\"dbt's test", "f\"EDITED: dbt's test")
        wait("Dagster's definitions", described)
        process.send_signal(signal.SIGINT)
        assert process.wait(END_TIMEOUT_S) == 0
    assert not is_open(port)
    assert is_open(clone.settings.api.port)
    with developing(clone, port) as process:
        clone.run("make down")
        assert process.wait(END_TIMEOUT_S) == 0
    assert not is_open(port)
