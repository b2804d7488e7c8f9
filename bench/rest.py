"""`python -m bench.rest`: what the whole platform takes while little happens, and how late its rows are.

Runs `orderpulse up` once for each trigger interval, with ports and data of its own, lets it come to rest,
and measures: processor time and memory of every process that belongs to it, the time from an event to
its committed row, and how fast Dagster's event log grows.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer
from rich.console import Console
from rich.table import Table

from bench.latency import Percentiles
from core import postgres
from core.clock import utc_now
from core.errors import OrderpulseError, StackError
from core.settings import Settings, load_settings
from stack.environment import child_environment
from stack.ports import free_ports

__all__ = ["RestResult", "app"]

RESULT = Path(__file__).parent / "results" / "rest.json"
DELAYS = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - event_time)::float8 * 1000
    FROM events_clean WHERE event_time > %s
"""
EVENT_LOG = "SELECT pg_total_relation_size('event_logs') + pg_total_relation_size('asset_check_executions')"
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class RestResult:
    """One trigger interval. `cores` is the mean number of busy cores; the event log grows by bytes an hour."""

    trigger_ms: int
    seconds: float
    cores: float
    memory_bytes: int
    events_clean: Percentiles
    event_log_bytes_per_hour: int


app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@app.command()
def rest(
    triggers: Annotated[
        str, typer.Option(help="Trigger intervals in ms, comma-separated.")
    ] = "0,200,500,1000",
    seconds: Annotated[float, typer.Option(min=10, help="Measured time of each.")] = 300.0,
    settle: Annotated[float, typer.Option(min=0, help="Seconds before, to come to rest.")] = 90.0,
) -> None:
    """Measure each trigger interval; takes their number times (measured time + 3 minutes)."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwind, so that the platform ends too
    console = Console()
    found = []
    try:
        for trigger_ms in [int(text) for text in triggers.split(",")]:
            console.print(f"trigger {trigger_ms} ms ...")
            found.append(_measure(trigger_ms, seconds, settle))
    except OrderpulseError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    console.print(_table(found))
    _keep(found)


def _keep(found: list[RestResult]) -> None:
    """Put the runs into the file, in place of earlier ones with the same interval."""
    runs = {run["trigger_ms"]: run for run in json.loads(RESULT.read_text(encoding="utf-8"))["runs"]}
    runs |= {run.trigger_ms: asdict(run) for run in found}
    document = {"rate": "5 events/s", "runs": [runs[trigger_ms] for trigger_ms in sorted(runs)]}
    RESULT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measure(trigger_ms: int, seconds: float, settle_s: float) -> RestResult:
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-rest-"))
    folder.chmod(0o755)
    settings = _settings(folder, trigger_ms)
    try:
        _orderpulse(settings, "up")
        time.sleep(settle_s)
        return _observe(settings, trigger_ms, seconds)
    finally:
        _orderpulse(settings, "down")
        shutil.rmtree(folder, ignore_errors=True)


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
        sum(_memory_bytes(process) for process in _processes(settings)),
        Percentiles.of(np.array(delays)),
        round(grown * 3600 / elapsed_s),
    )


def _settings(folder: Path, trigger_ms: int) -> Settings:
    kafka, controller, database, webserver, code_server, docs, api = free_ports(7)
    return load_settings(
        kafka={"bootstrap_servers": f"localhost:{kafka}"},
        postgres={"port": database},
        generator={"late_share": 0},  # a late event would count as a slow one
        api={"port": api},
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
    """Every process of the platform, known by the data folder in its environment."""
    wanted, found = str(settings.stack.data_dir), []
    for process in psutil.process_iter():
        try:
            if process.environ().get("ORDERPULSE_STACK__DATA_DIR") == wanted:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _busy_s(settings: Settings) -> float:
    """Processor seconds so far. A process that ends goes on counting in the one that waited for it."""
    total = 0.0
    for process in _processes(settings):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


def _memory_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _event_log_bytes(settings: Settings) -> int:
    own = settings.postgres.model_copy(update={"database": settings.dagster.database})
    with postgres.connect(own, autocommit=True) as connection:
        row = connection.execute(EVENT_LOG).fetchone()
    assert row is not None, "a sum has a row"
    return int(row[0])


def _table(found: list[RestResult]) -> Table:
    columns = ("trigger ms", "cores", "memory MiB", "p50 ms", "p95 ms", "p99 ms", "event log MB/h")
    table = Table(*columns, title="The whole platform at 5 events/s")
    for run in found:
        delays = run.events_clean
        table.add_row(
            str(run.trigger_ms),
            f"{run.cores:.2f}",
            f"{run.memory_bytes / MEBIBYTE:,.0f}",
            *(f"{value:,.0f}" for value in (delays.p50, delays.p95, delays.p99)),
            f"{run.event_log_bytes_per_hour / 1e6:.1f}",
        )
    return table


if __name__ == "__main__":
    app(prog_name="python -m bench.rest")
