"""The arithmetic of the benchmarks: delays by rank, percentiles, ratios, files."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.drain import DrainResult
from bench.jobs import Job
from bench.kpi_watch import delays_ms
from bench.latency import LatencyResult, Percentiles
from bench.memory import MemoryResult
from bench.results import Results
from core.errors import StackError


def drained(job: Job, seconds: float) -> DrainResult:
    return DrainResult(job, 1_000, 100, seconds, {"events_clean": seconds, "kpi_1m": seconds - 1})


def measured() -> LatencyResult:
    percentiles = Percentiles(1.0, 2.0, 3.0, 100)
    return LatencyResult(
        Job.SPARK, 200.0, percentiles, percentiles, [MemoryResult("all", 1 << 30, 1 << 31, 5)]
    )


def test_an_event_waits_for_the_first_commit_that_counts_it() -> None:
    delays = delays_ms(np.array([1.0, 1.1, 1.2, 1.3]), [(1, 1.5), (3, 2.0), (4, 2.5)])
    assert delays == pytest.approx([500, 900, 800, 1200])


def test_events_that_no_commit_counts_are_left_out() -> None:
    assert len(delays_ms(np.array([1.0, 1.1, 1.2]), [(2, 1.5)])) == 2


def test_a_count_that_falls_back_does_not_undo_a_commit() -> None:
    assert delays_ms(np.array([1.0, 1.1]), [(2, 1.5), (1, 1.6), (2, 1.7)]) == pytest.approx([500, 400])


def test_percentiles() -> None:
    assert Percentiles.of(np.arange(1, 102, dtype=np.float64)) == Percentiles(51.0, 96.0, 100.0, 101)
    with pytest.raises(StackError, match="No event was measured"):
        Percentiles.of(np.array([]))


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    pairs = [(10.0, 5.0), (20.0, 12.0), (10.0, 9.0)]
    drains = [
        drained(job, s) for spark, plain in pairs for job, s in ((Job.SPARK, spark), (Job.PLAIN, plain))
    ]
    results = Results({}, drains=drains)
    assert results.ratio() == pytest.approx(0.6)
    assert results.records_per_s(Job.SPARK) == pytest.approx(100)
    assert Results({}, drains=[drained(Job.PLAIN, 5.0)]).ratio() is None


@pytest.mark.parametrize(
    "results",
    [
        Results({"cores": 2}, [drained(Job.PLAIN, 5.0), drained(Job.SPARK, 10.0)], [measured()]),
        Results({}, drains=[drained(Job.PLAIN, 5.0)]),
        Results({}, latencies=[measured()]),
    ],
)
def test_the_file_holds_what_was_found(results: Results, tmp_path: Path) -> None:
    results.write_json(tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert len(document["drain"]["runs"]) == len(results.drains)
    assert len(document["latency"]) == len(results.latencies)
