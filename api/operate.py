"""Operations of the scope `operate`, as Dagster jobs: the only place that starts and stops services."""

import json
from typing import Any, Literal
from uuid import UUID

from api.auth import Caller
from api.dagster import Dagster, DagsterError
from api.edge.problems import NotFoundError, ProblemError
from api.models import OperateAnswer, ReplayCounts, RunOutcome
from core.logging import get_logger

Service = Literal["generator", "spark_stream"]
Verb = Literal["start", "stop", "restart"]

RETRY = {"Retry-After": "10"}
ENDED = {"FAILURE", "CANCELED"}
SUMMARY_TAG = "orderpulse/summary"
"""Of a run of the batch layer: its summary, in JSON."""

audit = get_logger("audit")


async def switch(dagster: Dagster, caller: Caller, verb: Verb, service: Service) -> OperateAnswer:
    """Start, stop or restart a service. Raises a 503 if Dagster does not launch the job."""
    return await _launch(dagster, caller, f"{verb}_{service}", {})


async def set_rate(dagster: Dagster, caller: Caller, rate: float) -> OperateAnswer:
    """Set the generator's rate in events per second. Raises like `switch`."""
    return await _launch(
        dagster, caller, "set_generator_rate", {"ops": {"set_rate": {"config": {"events_per_s": rate}}}}
    )


async def map_again(dagster: Dagster, caller: Caller, source: str) -> OperateAnswer:
    """Map the messages of a source again that did not map. Raises like `switch`."""
    config = {"ops": {"judge_anew": {"config": {"sources": [source]}}}}
    return await _launch(dagster, caller, "replay_rejected", config)


async def outcome(dagster: Dagster, run_id: UUID) -> RunOutcome:
    """How far a run is. Raises a 404 if there is none, a 503 if Dagster does not say."""
    try:
        found = await dagster.run(str(run_id))
    except DagsterError as error:
        raise ProblemError(
            503, "dagster_refused", "Dagster does not answer", f"{error} The run continues.", headers=RETRY
        ) from None
    if found is None:
        raise NotFoundError(f"There is no run '{run_id}'.")
    status, tags = found
    if status == "SUCCESS":
        said = tags.get(SUMMARY_TAG)
        return RunOutcome(state="succeeded", replay=None if said is None else _counts(json.loads(said)))
    return RunOutcome(state="failed" if status in ENDED else "underway", replay=None)


def _counts(summary: dict[str, Any]) -> ReplayCounts | None:
    """The counts in a run's summary; None if it is that of another job."""
    if "judged" not in summary:
        return None
    sums = {
        name: sum(value.values()) if isinstance(value, dict) else value for name, value in summary.items()
    }
    return ReplayCounts(**{name: sums[name] for name in ReplayCounts.model_fields})


async def _launch(dagster: Dagster, caller: Caller, job: str, config: dict[str, Any]) -> OperateAnswer:
    asked = {"subject": caller.subject, "action": job, "config": config}
    try:
        run_id = await dagster.launch(job, config, asked_by=caller.subject)
    except DagsterError as error:
        audit.warning("operate.failed", **asked, error=str(error))
        detail = f"{error} Nothing was changed. `orderpulse status` shows whether Dagster runs; running services do not need it."
        raise ProblemError(
            503, "dagster_refused", "Dagster did not launch the job", detail, headers=RETRY
        ) from None
    audit.info("operate", **asked, run_id=run_id)
    return OperateAnswer(run_id=run_id, url=dagster.run_url(run_id))
