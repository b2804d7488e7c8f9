"""The monitor's rules by Prometheus's own tool, and every figure that rules and dashboard name by what the API tells."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]  # ships no types

from api.app import create_app
from core.settings import PostgresSettings, Settings
from tests.api_client import serving
from tests.observability.prometheus import MONITOR, configuration, program

RULES = MONITOR / "prometheus" / "rules.yml"
CASES = Path(__file__).with_name("rules_test.yml")
DASHBOARD = MONITOR / "grafana" / "dashboards" / "orderpulse.json"
FIGURE = re.compile(r"\b(orderpulse_\w+)")


def alerts() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The rules beside their cases, as promtool wants them."""
    shutil.copy(RULES, tmp_path)
    shutil.copy(CASES, tmp_path)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("promtool"), *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_every_case_of_every_rule_is_as_it_says(folder: Path) -> None:
    answer = run(folder, "test", "rules", CASES.name)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_prometheus_takes_its_configuration(folder: Path) -> None:
    (folder / "token").touch()
    configuration(folder, **{"/run/secrets/metrics": str(folder / "token")})
    answer = run(folder, "check", "config", "prometheus.yml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"{len(alerts())} rules found" in answer.stdout


def test_each_rule_has_a_case_that_fires_and_one_that_does_not() -> None:
    fires: dict[str, set[bool]] = {}
    for case in yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]:
        for tried in case["alert_rule_test"]:
            fires.setdefault(tried["alertname"], set()).add(bool(tried["exp_alerts"]))
    assert fires == {alert: {True, False} for alert in alerts()}


@pytest.mark.parametrize("expression", ["vector(1) == 0", "vector(1)"], ids=["never", "always"])
def test_the_cases_notice_a_rule_that_fires(folder: Path, expression: str) -> None:
    """Never or always, each rule: without this, a case that tests nothing would pass, too."""
    content = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in content["groups"]:
        for rule in group["rules"]:
            rule["expr"] = expression
    (folder / RULES.name).write_text(yaml.safe_dump(content), encoding="utf-8")
    answer = run(folder, "test", "rules", CASES.name)
    assert answer.returncode == 1
    assert set(re.findall(r"alertname: (\w+)", answer.stdout + answer.stderr)) == set(alerts())


def test_a_rule_explains_what_is_and_what_to_do() -> None:
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("warning", "critical"), name
        assert set(rule["annotations"]) == {"summary", "action"}, name


@pytest.fixture
def client(settings: Settings, database: PostgresSettings) -> Iterator[httpx.Client]:
    with serving(create_app(settings.model_copy(update={"postgres": database}))) as opened:
        yield opened


def test_every_figure_that_is_asked_for_exists(client: httpx.Client) -> None:
    """A histogram and a counter have names of their own beneath."""
    told = re.findall(r"^# TYPE (\S+)", client.get("/metrics").text, re.MULTILINE)
    known = {name + end for name in told for end in ("", "_total", "_bucket", "_count", "_sum")}
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    asked += [rule["expr"] for rule in alerts().values()]
    assert len(asked) > 30
    missing = {name for each in asked for name in FIGURE.findall(each)} - known
    assert missing == set()


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    """Each panel has a place of its own, a title, and the data source that is provisioned."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    source = yaml.safe_load((MONITOR / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    provider = yaml.safe_load((MONITOR / "grafana/provisioning/dashboards/orderpulse.yaml").read_text())
    assert provider["providers"][0]["options"]["path"] == "/etc/grafana/dashboards"
    used = {target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel["targets"]}
    assert used == {source["datasources"][0]["uid"]}
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in dashboard["panels"]
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert all(panel["title"] for panel in dashboard["panels"])
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
