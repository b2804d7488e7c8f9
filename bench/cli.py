"""The command line of the benchmarks."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import psutil
import typer

from bench.command import run
from bench.drain import measure_drain
from bench.jobs import Job
from bench.latency import measure_latency
from bench.platform import Platform, running_platform
from bench.progress import Progress
from bench.results import Results
from bench.tables import print_results

RESULTS = Path(__file__).parent / "results"
RATES = (5.0, 200.0, 1000.0)
MEMORY_RATE = 200.0


class Part(StrEnum):
    """Parts that can be measured separately."""

    DRAIN = "drain"
    LATENCY = "latency"
    MEMORY = "memory"


def bench(
    only: Annotated[Part | None, typer.Option(help="Measure only this part.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small numbers: only checks that it runs.")] = False,
    records: Annotated[int, typer.Option(min=1, help="Records of the backlog.")] = 600_000,
    warm_up: Annotated[
        int, typer.Option(min=1, help="Records before the backlog, to warm up the JVM.")
    ] = 300_000,
    pairs: Annotated[
        int, typer.Option(min=1, help="How often both jobs drain one backlog, in alternating order.")
    ] = 1,
    seconds: Annotated[
        float, typer.Option(min=1, help="Duration of warm-up and of measurement at each rate.")
    ] = 60.0,
    profile: Annotated[
        Literal["local", "cluster"],
        typer.Option(help="cluster: three brokers, a replica, and the Spark job on two executors."),
    ] = "local",
    job: Annotated[
        Job | None, typer.Option(help="Measure only this job; default: spark, and also plain in the drain.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the JSON file.")] = RESULTS,
    name: Annotated[str, typer.Option(help="Name of the file, without `.json`.")] = "latest",
) -> None:
    """Measure throughput, latency and memory on a separate broker and database.

    Takes about 12 minutes; the platform of `orderpulse up` should be down meanwhile.

    **Examples**

    `python -m bench`: everything

    `python -m bench --only drain --pairs 3`: the ratio to the plain consumer, three times

    `python -m bench --quick --results /tmp`: half a minute, to check that it works
    """
    if quick:
        records, warm_up, seconds = 5_000, 2_000, 5.0
    rates = (MEMORY_RATE,) if quick or only is Part.MEMORY else RATES
    found = Results({"profile": profile} | _conditions(records, warm_up, seconds, quick))
    with Progress() as progress, running_platform(profile) as platform:
        if only in (None, Part.DRAIN):
            _drain(found, platform, job, pairs, (records, warm_up), progress)
        if only in (None, Part.LATENCY, Part.MEMORY):
            found.latencies = measure_latency(platform, job or Job.SPARK, rates, seconds, seconds, progress)
    print_results(found)
    results.mkdir(parents=True, exist_ok=True)
    found.write_json(results / f"{name}.json")


def _drain(
    found: Results,
    platform: Platform,
    job: Job | None,
    pairs: int,
    counts: tuple[int, int],
    progress: Progress,
) -> None:
    both = [job] if job else [Job.PLAIN, Job.SPARK]
    for pair in range(pairs):
        order = both if pair % 2 == 0 else both[::-1]
        found.drains += measure_drain(platform, order, *counts, progress)


def _conditions(records: int, warm_up: int, seconds: float, quick: bool) -> dict[str, object]:
    return {
        "quick": quick,
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "backlog_records": records,
        "drain_warm_up_records": warm_up,
        "latency_warm_up_s": seconds,
        "latency_measured_s": seconds,
    }


def main() -> None:
    """Entry point of `python -m bench`."""
    run(bench, "bench")
