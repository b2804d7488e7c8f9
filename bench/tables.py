"""The results as tables for a terminal."""

from rich.console import Console
from rich.table import Table

from bench.latency import LatencyResult, Percentiles
from bench.results import Results

__all__ = ["print_results"]

MEBIBYTE = 1 << 20


def print_results(results: Results, console: Console) -> None:
    """Print a table for each kind of result that there is."""
    if results.drains:
        console.print(_drains(results))
    if results.latencies:
        console.print(_latencies(results.latencies))
        console.print(_memory(results.latencies))


def _drains(results: Results) -> Table:
    ratio = results.ratio()
    title = "Drain of a backlog, warm" + (
        f": Spark reaches {ratio:.2f} of the plain consumer" if ratio else ""
    )
    table = Table(
        "job", "records", "warm-up", "seconds", "records/s", "events_clean s", "kpi_1m s", title=title
    )
    for drain in results.drains:
        by_table = [f"{drain.seconds_by_table[name]:.1f}" for name in ("events_clean", "kpi_1m")]
        counts = [
            f"{drain.records:,}",
            f"{drain.warm_up:,}",
            f"{drain.seconds:.1f}",
            f"{drain.records_per_s:,.0f}",
        ]
        table.add_row(drain.job, *counts, *by_table)
    return table


def _latencies(latencies: list[LatencyResult]) -> Table:
    table = Table(
        "job", "events/s", "to", "p50 ms", "p95 ms", "p99 ms", "events", title="Event time to commit"
    )
    for latency in latencies:
        table.add_row(latency.job, f"{latency.rate:g}", "events_clean", *_cells(latency.events_clean))
        table.add_row("", "", "kpi_1m", *_cells(latency.kpi_1m))
    return table


def _cells(percentiles: Percentiles) -> list[str]:
    times = (percentiles.p50, percentiles.p95, percentiles.p99)
    return [*(f"{time:,.0f}" for time in times), f"{percentiles.events:,}"]


def _memory(latencies: list[LatencyResult]) -> Table:
    table = Table("job", "events/s", "program", "mean MiB", "peak MiB", title="Memory")
    for latency in latencies:
        for memory in latency.memory:
            sizes = (f"{size / MEBIBYTE:,.0f}" for size in (memory.mean_bytes, memory.peak_bytes))
            table.add_row(latency.job, f"{latency.rate:g}", memory.name, *sizes)
    return table
