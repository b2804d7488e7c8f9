"""The results as tables for a terminal."""

from bench.command import MEBIBYTE, show
from bench.results import Results


def print_results(results: Results) -> None:
    """Print a table for each kind of result that there is."""
    ratio = results.ratio()
    reached = f": Spark reaches {ratio:.2f} of the plain consumer" if ratio else ""
    show(
        f"Drain of a backlog, warm{reached}",
        [
            {"job": drain.job, "records": drain.records, "warm-up": drain.warm_up}
            | {"seconds": drain.seconds, "records/s": drain.records_per_s}
            | {f"{name} s": drain.seconds_by_table[name] for name in ("events_clean", "kpi_1m")}
            for drain in results.drains
        ],
    )
    show(
        "Event time to commit",
        [
            {"job": latency.job, "events/s": latency.rate, "to": to} | measured.cells()
            for latency in results.latencies
            for to, measured in (("events_clean", latency.events_clean), ("kpi_1m", latency.kpi_1m))
        ],
    )
    show(
        "Memory",
        [
            {"job": latency.job, "events/s": latency.rate, "program": memory.name}
            | {"mean MiB": memory.mean_bytes / MEBIBYTE, "peak MiB": memory.peak_bytes / MEBIBYTE}
            for latency in results.latencies
            for memory in latency.memory
        ],
    )
