"""What the pipeline costs at a rate: busy cores by program, batches, latency. `python -m bench.cost` writes cost.json.

The processors' time is that which the system charged to each program with all that it started. `bench.model`
is checked against these figures.
"""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import psutil
import typer

from bench.children import Child
from bench.jobs import Job
from bench.latency import Percentiles
from bench.platform import Platform, running_platform
from core.clock import utc_now
from core.errors import OrderpulseError, StackError
from core.postgres import connect
from core.settings import Settings
from stack.waiting import wait_until

__all__ = ["CostResult", "main"]

RESULTS = Path(__file__).parent / "results"
WARM_UP_RECORDS = 60_000
START_LIMIT_S = 120.0
BATCHES = """
    SELECT query_name, count(*), coalesce(sum(records_read), 0)::float8,
        percentile_cont(0.5) WITHIN GROUP (
            ORDER BY (durations_ms ->> 'collect')::float8 + (durations_ms ->> 'write')::float8
        )
    FROM ops.stream_batch WHERE committed_at BETWEEN %s AND %s AND records_read > 0 GROUP BY query_name
"""
READ = "SELECT sum(records_read) FROM ops.stream_batch GROUP BY query_name"
DELAYS = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - event_time)::float8 * 1000
    FROM events_clean WHERE event_time BETWEEN %s AND %s
"""

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class QueryCost:
    """Batches of one query: how many a second, records in one, milliseconds of the middle one."""

    batches_per_s: float
    records: float
    batch_ms: float


@dataclass(frozen=True, slots=True)
class CostResult:
    """At `rate` events a second: mean busy cores by program, each query's batches, event to row."""

    rate: float
    seconds: float
    cores: dict[str, float]
    queries: dict[str, QueryCost]
    events_clean: Percentiles


@app.command()
def cost(
    rates: Annotated[str, typer.Option(help="Events a second, comma-separated.")] = "5,200,1000",
    seconds: Annotated[float, typer.Option(min=5, help="Warm-up and, again, measured time of each.")] = 45.0,
    profile: Annotated[
        Literal["local", "cluster"], typer.Option(help="Which servers and which Spark.")
    ] = "local",
    name: Annotated[str, typer.Option(help="Name of the JSON file.")] = "cost",
) -> None:
    """Measure each rate with one job that is not restarted in between."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwind, so that no child is left
    try:
        with running_platform(profile) as platform:
            found = _measure(platform, [float(rate) for rate in rates.split(",")], seconds)
    except OrderpulseError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    document = {
        "profile": profile,
        "processors": psutil.cpu_count(),
        "load_after": [round(load, 2) for load in psutil.getloadavg()],
        "rates": [asdict(result) for result in found],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    typer.echo(json.dumps(document, indent=2))


def _measure(platform: Platform, rates: Sequence[float], seconds: float) -> list[CostResult]:
    topic = platform.fresh_topic()
    settings = platform.settings_for(topic)
    with platform.start_job(Job.SPARK, settings) as job:
        platform.fill(topic, WARM_UP_RECORDS)
        _wait_for_batches(settings, job)
        return [_at_rate(platform, settings, job, rate, seconds) for rate in rates]


def _at_rate(platform: Platform, settings: Settings, job: Child, rate: float, seconds: float) -> CostResult:
    with platform.start_generator(
        settings.kafka.topic, "--rate", str(rate), "--late-share", "0"
    ) as generator:
        programs = [*platform.servers, job, generator]
        _pass(seconds, job)
        began, before = utc_now(), _busy_s(programs)
        _pass(seconds, job)
        ended, after = utc_now(), _busy_s(programs)
    elapsed_s = (ended - began).total_seconds()
    cores = {name: round((after[name] - spent) / elapsed_s, 3) for name, spent in before.items()}
    return CostResult(rate, elapsed_s, cores, *_written(settings, began, ended))


def _written(
    settings: Settings, began: datetime, ended: datetime
) -> tuple[dict[str, QueryCost], Percentiles]:
    import numpy as np

    elapsed_s = (ended - began).total_seconds()
    with connect(settings.postgres, autocommit=True) as connection:
        queries = {
            name: QueryCost(round(count / elapsed_s, 2), round(records / count, 1), round(middle, 1))
            for name, count, records, middle in connection.execute(BATCHES, (began, ended))
        }
        delays = [row[0] for row in connection.execute(DELAYS, (began, ended))]
    return queries, Percentiles.of(np.array(delays, dtype=np.float64))


def _busy_s(programs: Sequence[Child]) -> Mapping[str, float]:
    """Seconds of processor that each program and all that it started have had."""
    return {program.name: sum(map(_spent_s, program.family())) for program in programs}


def _spent_s(process: psutil.Process) -> float:
    try:
        times: Any = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _pass(seconds: float, job: Child) -> None:
    until = utc_now().timestamp() + seconds

    def over() -> bool:
        job.require_alive()
        return utc_now().timestamp() >= until

    wait_until(over, float("inf"), poll_s=0.2)


def _wait_for_batches(settings: Settings, job: Child) -> None:
    """Return once both queries have read what warms up the JVM. Raises `StackError` where they do not in time."""
    with connect(settings.postgres, autocommit=True) as connection:

        def committed() -> bool:
            job.require_alive()
            rows = connection.execute(READ).fetchall()
            return len(rows) == 2 and all(read >= WARM_UP_RECORDS for (read,) in rows)

        if not wait_until(committed, START_LIMIT_S, poll_s=0.5):
            raise StackError(
                f"The job has not read the first records after {START_LIMIT_S:.0f} s. {job.tail()}"
            )


def main() -> None:
    """Entry point of `python -m bench.cost`."""
    app(prog_name="python -m bench.cost")


if __name__ == "__main__":
    main()
