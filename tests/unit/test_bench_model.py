"""The model of what a rate takes: its limits, that it finds costs again, and that it fits what was measured."""

import json
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest

from bench.model import Costs, fit, limit, predict

COSTS = Costs(
    batch_cpu_s=0.15,
    record_cpu_s=0.0001,
    servers_record_cpu_s=0.0001,
    idle_cores=0.1,
    batch_s=0.2,
    record_s=0.00005,
)
RESULTS = Path(__file__).parents[2] / "bench" / "results"
MEASURED = sorted(RESULTS.glob("cost*.json"))
LOCAL = RESULTS / "cost.json"


def test_an_idle_stream_costs_its_batches_and_nothing_else() -> None:
    said = predict(COSTS, 0, cores=100)
    assert said is not None
    assert said.spark_cores == pytest.approx(0.15 / 0.2 + 0.15 / 0.45)
    assert said.server_cores == pytest.approx(0.1)
    assert said.latency_s == pytest.approx(0.3)


def test_latency_and_batches_grow_with_the_rate() -> None:
    found = [predict(COSTS, rate, cores=100) for rate in (10, 1_000, 10_000, 19_000)]
    latencies = [each.latency_s for each in found if each is not None]
    assert len(latencies) == 4
    assert latencies == sorted(latencies)


def test_the_stream_falls_behind_where_a_second_of_records_lasts_longer_than_a_second() -> None:
    assert predict(COSTS, 19_999, cores=100) is not None
    assert predict(COSTS, 20_000, cores=100) is None
    assert predict(COSTS, 20_000, cores=100, tasks=2) is not None
    assert limit(COSTS, cores=100) == pytest.approx(20_000, rel=0.01)


def test_too_few_cores_make_larger_batches_before_it_falls_behind() -> None:
    roomy, tight = predict(COSTS, 1_000, cores=100), predict(COSTS, 1_000, cores=1)
    assert roomy is not None
    assert tight is not None
    assert tight.batch_s > roomy.batch_s
    assert tight.spark_cores + tight.server_cores == pytest.approx(1, rel=0.01)
    assert predict(COSTS, 9_000, cores=1) is None


def measured_at(rate: float) -> dict[str, Any]:
    """What `bench.cost` would say of a pipeline of just these costs."""
    said = predict(COSTS, rate, cores=100)
    assert said is not None
    queries = {
        "events_clean": {"batches_per_s": 1 / said.batch_s, "records": said.records},
        "kpi_1m": {"batches_per_s": 1 / (0.25 + said.batch_s), "records": 0},
    }
    cores = {"kafka": said.server_cores / 2, "postgres": said.server_cores / 2, "spark": said.spark_cores}
    return {"rate": rate, "queries": queries, "cores": cores}


def test_the_costs_are_found_again_in_what_they_gave() -> None:
    found = fit([measured_at(rate) for rate in (5, 200, 1_000)])
    assert astuple(found) == pytest.approx(astuple(COSTS), rel=0.01)


def test_costs_are_never_negative() -> None:
    cheap = replace(COSTS, record_cpu_s=0.0)
    assert fit([measured_at(5), measured_at(6)]) != cheap
    assert min(astuple(fit([measured_at(5), measured_at(6)]))) >= 0


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_the_model_is_near_to_what_was_measured(path: Path) -> None:
    """Cores within a fifth at each of the three rates, from fixed costs of batches and records alone."""
    document = json.loads(path.read_text(encoding="utf-8"))
    costs = fit(document["rates"])
    assert len(document["rates"]) == 3
    for each in document["rates"]:
        assert cores(costs, each, document) == pytest.approx(sum(each["cores"].values()), rel=1 / 5)


def test_the_model_foretells_a_rate_that_it_was_not_fitted_to() -> None:
    """Of one machine; of the cluster on two processors it does not (docs/scaling.md)."""
    document = json.loads(LOCAL.read_text(encoding="utf-8"))
    for left_out in document["rates"]:
        costs = fit([each for each in document["rates"] if each is not left_out])
        assert cores(costs, left_out, document) == pytest.approx(sum(left_out["cores"].values()), rel=1 / 5)


def cores(costs: Costs, measured: dict[str, Any], document: dict[str, Any]) -> float:
    """What the model says of the busy cores at a measured rate."""
    said = predict(costs, measured["rate"], cores=document["processors"])
    assert said is not None
    return said.spark_cores + said.server_cores


def test_there_are_measurements_to_compare_with() -> None:
    assert MEASURED
