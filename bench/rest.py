"""`python -m bench.rest`: resources of the whole platform at a low rate, and its latency.

Runs `orderpulse up` once for each trigger interval, with separate ports and data, lets it settle,
and measures: processor time and memory of all its processes, the time from an event to
its committed row, and how fast Dagster's event log grows.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer

from bench.command import MEBIBYTE, run, show
from bench.latency import Percentiles
from bench.memory import bytes_of
from bench.platform import open_folder
from core import postgres
from core.clock import utc_now
from core.errors import StackError
from core.settings import Settings, load_settings
from stack.host.environment import child_environment
from stack.host.ports import free_ports

RESULT = Path(__file__).parent / "results" / "rest.json"
DELAYS = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - event_time)::float8 * 1000
    FROM events_clean WHERE event_time > %s
"""
EVENT_LOG = "SELECT pg_total_relation_size('event_logs') + pg_total_relation_size('asset_check_executions')"


@dataclass(frozen=True, slots=True)
class RestResult:
    """Result for one trigger interval. `cores` is the mean number of busy cores; the event log's growth is in bytes an hour."""

    trigger_ms: int
    seconds: float
    cores: float
    memory_bytes: int
    events_clean: Percentiles
    event_log_bytes_per_hour: int


def rest(
    triggers: Annotated[
        str, typer.Option(help="Trigger intervals in ms, comma-separated.")
    ] = "0,200,500,1000",
    seconds: Annotated[float, typer.Option(min=10, help="Duration of each measurement.")] = 300.0,
    settle: Annotated[float, typer.Option(min=0, help="Seconds to settle before the measurement.")] = 90.0,
) -> None:
    """Measure each trigger interval; takes their number times (measured time + 3 minutes)."""
    found = []
    for trigger_ms in [int(text) for text in triggers.split(",")]:
        print(f"trigger {trigger_ms} ms ...")
        found.append(_measure(trigger_ms, seconds, settle))
    show(
        "The whole platform at 5 events/s",
        [
            {"trigger ms": each.trigger_ms, "cores": each.cores, "memory MiB": each.memory_bytes / MEBIBYTE}
            | each.events_clean.cells()
            | {"event log MB/h": each.event_log_bytes_per_hour / 1e6}
            for each in found
        ],
    )
    _keep(found)


def _keep(found: list[RestResult]) -> None:
    """Put the runs into the file, in place of earlier ones with the same interval."""
    runs = {each["trigger_ms"]: each for each in json.loads(RESULT.read_text(encoding="utf-8"))["runs"]}
    runs |= {each.trigger_ms: asdict(each) for each in found}
    document = {"rate": "5 events/s", "runs": [runs[trigger_ms] for trigger_ms in sorted(runs)]}
    RESULT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measure(trigger_ms: int, seconds: float, settle_s: float) -> RestResult:
    with open_folder() as folder:
        settings = _settings(folder, trigger_ms)
        try:
            _orderpulse(settings, "up")
            time.sleep(settle_s)  # it measures the rest after this time, whatever happens
            return _observe(settings, trigger_ms, seconds)
        finally:
            _orderpulse(settings, "down")


def _observe(settings: Settings, trigger_ms: int, seconds: float) -> RestResult:
    began, log_before = utc_now(), _event_log_bytes(settings)
    started, busy_before = time.monotonic(), _busy_s(settings)
    time.sleep(seconds)
    elapsed_s = time.monotonic() - started
    cores = (_busy_s(settings) - busy_before) / elapsed_s
    grown = _event_log_bytes(settings) - log_before
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        delays = [row[0] for row in connection.execute(DELAYS, (began,))]
    return RestResult(
        trigger_ms,
        round(elapsed_s, 1),
        round(cores, 2),
        sum(bytes_of(process) for process in _processes(settings)),
        Percentiles.of(np.array(delays)),
        round(grown * 3600 / elapsed_s),
    )


def _settings(folder: Path, trigger_ms: int) -> Settings:
    kafka, controller, database, webserver, code_server, docs, api, intake = free_ports(8)
    return load_settings(
        kafka={"bootstrap_servers": f"localhost:{kafka}"},
        postgres={"port": database},
        generator={"late_share": 0},  # a late event would count as a slow one
        api={"port": api},
        intake={"port": intake},
        dagster={"webserver_port": webserver, "code_server_port": code_server, "docs_port": docs},
        stack={"data_dir": folder / "data", "kafka_controller_port": controller},
        stream={"checkpoint_dir": folder / "checkpoints", "trigger_interval_ms": trigger_ms},
    )


def _orderpulse(settings: Settings, command: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "stack", command],
        env=child_environment(settings),
        cwd=settings.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise StackError(f"orderpulse {command} failed: {(answer.stdout + answer.stderr).strip()[-1500:]}")


def _processes(settings: Settings) -> list[psutil.Process]:
    """Every process of the platform, identified by the data folder in its environment."""
    wanted, found = str(settings.stack.data_dir), []
    for process in psutil.process_iter():
        try:
            if process.environ().get("ORDERPULSE_STACK__DATA_DIR") == wanted:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _busy_s(settings: Settings) -> float:
    """Processor seconds so far, including ended children."""
    total = 0.0
    for process in _processes(settings):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


def _event_log_bytes(settings: Settings) -> int:
    own = settings.postgres.model_copy(update={"database": settings.dagster.database})
    with postgres.connect(own, autocommit=True) as connection:
        row = connection.execute(EVENT_LOG).fetchone()
    assert row is not None, "a sum has a row"
    return int(row[0])


if __name__ == "__main__":
    run(rest, "bench.rest")
