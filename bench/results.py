"""The results of a benchmark run, and their JSON."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.drain import DrainResult
from bench.jobs import Job
from bench.latency import LatencyResult


@dataclass(slots=True)
class Results:
    """All results of one run. `conditions`: what the figures depend on."""

    conditions: dict[str, Any]
    drains: list[DrainResult] = field(default_factory=list)
    latencies: list[LatencyResult] = field(default_factory=list)

    def records_per_s(self, job: Job) -> float | None:
        """Median over the drains of `job`."""
        speeds = [drain.records_per_s for drain in self.drains if drain.job is job]
        return median(speeds) if speeds else None

    def ratio(self) -> float | None:
        """Spark's rate divided by the plain consumer's, the median over pairs of drains of one backlog."""
        spark = [drain.seconds for drain in self.drains if drain.job is Job.SPARK]
        plain = [drain.seconds for drain in self.drains if drain.job is Job.PLAIN]
        pairs = [theirs / ours for ours, theirs in zip(spark, plain, strict=False)]
        return median(pairs) if pairs else None

    def write_json(self, path: Path) -> None:
        """Write all results with the derived figures."""
        drains = [asdict(drain) | {"records_per_s": round(drain.records_per_s)} for drain in self.drains]
        ratio = self.ratio()
        document = {
            "conditions": self.conditions,
            "drain": {"runs": drains, "ratio_spark_to_plain": round(ratio, 3) if ratio else None},
            "latency": [asdict(latency) for latency in self.latencies],
        }
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
