"""What a rate takes: cores, batch size and latency, by fixed costs of a batch and costs of a record.

Both queries run batch after batch. A batch of n records lasts `batch_s + n * record_s / tasks`, and n is what arrived
while the one before it ran, so at a rate r a batch lasts `batch_s / (1 - r * record_s / tasks)`, and the stream keeps
up as long as `r * record_s < tasks`. Where the cores are too few for so many batches, batches grow until they fit.
`python -m bench.model` compares it with what `bench.cost` measured (docs/scaling.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

__all__ = ["Costs", "Prediction", "fit", "limit", "main", "predict"]

RESULTS = Path(__file__).parent / "results"
SPARK = ("spark", "spark_worker_1", "spark_worker_2")
STEPS = 60
LONGEST_BATCH_S = 60.0


@dataclass(frozen=True, slots=True)
class Costs:
    """`*_cpu_s`: seconds of one core. `batch_*` of one batch of either query; `record_cpu_s` of Spark for one record,
    both queries together; `servers_record_cpu_s` of brokers, database and producer; `idle_cores` of these at rest.
    `batch_s`, `record_s`: seconds that a batch of the slower query lasts, and each record adds to one task.
    """

    batch_cpu_s: float
    record_cpu_s: float
    servers_record_cpu_s: float
    idle_cores: float
    batch_s: float
    record_s: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """At one rate: busy cores of Spark and of the servers, a batch's seconds and records, event to row (p50)."""

    spark_cores: float
    server_cores: float
    batch_s: float
    records: float
    latency_s: float


def predict(
    costs: Costs, rate: float, *, cores: float, tasks: int = 1, gather_s: float = 0.25
) -> Prediction | None:
    """What `rate` records a second take on so many cores; None where the stream falls behind.

    `tasks`: parallelism of a batch. `gather_s`: how long the KPI query waits for records. An event waits half a
    batch on average, and is written at the end of the next one.
    """
    busy = rate * costs.record_s / tasks
    if busy >= 1:
        return None
    servers = costs.idle_cores + rate * costs.servers_record_cpu_s

    def spark(batch_s: float) -> float:
        batches_per_s = 1 / batch_s + 1 / (gather_s + batch_s)
        return batches_per_s * costs.batch_cpu_s + rate * costs.record_cpu_s

    shortest = costs.batch_s / (1 - busy)
    if spark(LONGEST_BATCH_S) + servers > cores:
        return None
    low, high = shortest, LONGEST_BATCH_S
    if spark(shortest) + servers <= cores:
        high = shortest
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if spark(middle) + servers <= cores else (middle, high)
    return Prediction(spark(high), servers, high, rate * high, 1.5 * high)


def limit(costs: Costs, *, cores: float, tasks: int = 1) -> float:
    """Records a second above which the stream falls behind."""
    low, high = 0.0, tasks / costs.record_s
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if predict(costs, middle, cores=cores, tasks=tasks) else (low, middle)
    return low


def fit(measured: Sequence[Mapping[str, Any]]) -> Costs:
    """The costs that come nearest to what `bench.cost` measured at two rates or more (least squares)."""
    batches = [sum(query["batches_per_s"] for query in each["queries"].values()) for each in measured]
    rates = [each["rate"] for each in measured]
    batch_cpu_s, record_cpu_s = _line(batches, rates, [_cores(each, spark=True) for each in measured])
    idle_cores, servers = _line([1.0] * len(rates), rates, [_cores(each, spark=False) for each in measured])
    clean = [each["queries"]["events_clean"] for each in measured]
    sizes, lasted = [query["records"] for query in clean], [1 / query["batches_per_s"] for query in clean]
    batch_s, record_s = _line([1.0] * len(sizes), sizes, lasted)
    return Costs(batch_cpu_s, record_cpu_s, servers, idle_cores, batch_s, record_s)


def _line(first: Sequence[float], second: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Factors a and b, neither negative, for which `a * first + b * second` comes nearest to `values`, relatively."""
    import numpy as np

    weights = 1 / np.array(values)
    columns = np.array([first, second]).T * weights[:, None]
    a, b = np.linalg.lstsq(columns, np.ones(len(values)), rcond=None)[0]
    if b < 0:
        a, b = float(np.mean(np.array(values) / np.array(first))), 0.0
    if a < 0:
        a, b = 0.0, float(np.mean(np.array(values) / np.array(second)))
    return float(a), float(b)


def _cores(measured: Mapping[str, Any], *, spark: bool) -> float:
    return float(sum(value for name, value in measured["cores"].items() if (name in SPARK) is spark))


def main(
    results: Annotated[Path, typer.Argument(help="What `python -m bench.cost` wrote.")] = RESULTS
    / "cost.json",
) -> None:
    """Print what the model says beside what was measured."""
    document = json.loads(results.read_text(encoding="utf-8"))
    costs = fit(document["rates"])
    table = Table(
        "events/s", "cores", "model", "records a batch", "model", "p50 ms", "model", title=str(costs)
    )
    for each in document["rates"]:
        said = predict(costs, each["rate"], cores=document["processors"])
        seen = _cores(each, spark=True) + _cores(each, spark=False)
        cells = [f"{seen:.2f}", "-", f"{each['queries']['events_clean']['records']:,.0f}", "-"]
        cells += [f"{each['events_clean']['p50']:,.0f}", "-"]
        if said is not None:
            total = said.spark_cores + said.server_cores
            cells[1::2] = [f"{total:.2f}", f"{said.records:,.0f}", f"{said.latency_s * 1000:,.0f}"]
        table.add_row(f"{each['rate']:,g}", *cells)
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
