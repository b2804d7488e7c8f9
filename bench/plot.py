"""The results as a picture."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.latency import LatencyResult
from bench.results import Results

__all__ = ["write_plot"]

MEBIBYTE = 1 << 20


def write_plot(results: Results, path: Path) -> None:
    """Draw a panel for each kind of result that there is into the PNG file `path`."""
    panels = 1 if results.drains else 0
    panels += 2 if results.latencies else 0
    figure = Figure(figsize=(5 * panels, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = iter(figure.subplots(1, panels, squeeze=False)[0])
    if results.drains:
        _draw_drains(next(axes), results)
    if results.latencies:
        _draw_latencies(next(axes), results.latencies)
        _draw_memory(next(axes), results.latencies[-1])
    figure.savefig(path, dpi=120)


def _draw_drains(axes: Axes, results: Results) -> None:
    jobs = [drain.job for drain in results.drains]
    names = [f"{job} {jobs[: number + 1].count(job)}" for number, job in enumerate(jobs)]
    bars = axes.bar(names, [drain.records_per_s for drain in results.drains], color="tab:blue")
    axes.bar_label(bars, fmt="{:,.0f}")
    axes.set(title="Drain of a backlog, warm", ylabel="records per second")


def _draw_latencies(axes: Axes, latencies: list[LatencyResult]) -> None:
    rates = [f"{latency.rate:g}/s" for latency in latencies]
    for name, colour in (("events_clean", "tab:blue"), ("kpi_1m", "tab:orange")):
        found = [getattr(latency, name) for latency in latencies]
        for percentile, style in (("p50", "o-"), ("p95", "s--"), ("p99", "^:")):
            values = [getattr(percentiles, percentile) for percentiles in found]
            axes.plot(rates, values, style, color=colour, label=f"{name} {percentile}")
    axes.set(title="Event time to commit", ylabel="milliseconds", ylim=(0, None))
    axes.legend(fontsize="small")


def _draw_memory(axes: Axes, latency: LatencyResult) -> None:
    names = [memory.name for memory in latency.memory]
    bars = axes.barh(names, [memory.peak_bytes / MEBIBYTE for memory in latency.memory], color="tab:green")
    axes.bar_label(bars, fmt="{:,.0f}")
    axes.invert_yaxis()
    axes.set(title=f"Peak memory at {latency.rate:g} events/s", xlabel="MiB")
