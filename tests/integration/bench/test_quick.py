"""The short form of the benchmarks runs from end to end (with the yardstick, which starts at once)."""

import json
import subprocess
import sys
from pathlib import Path


def test_the_short_form_writes_its_results(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--job", "plain", "--results", str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert answer.returncode == 0, answer.stderr
    found = json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))
    assert found["conditions"]["quick"] is True
    assert found["drain"]["runs"][0]["records_per_s"] > 0
    latency = found["latency"][0]
    assert latency["events_clean"]["events"] == latency["kpi_1m"]["events"] > 500
    assert {memory["name"] for memory in latency["memory"]} == {
        "postgres",
        "kafka",
        "plain",
        "generator",
        "all",
    }
