"""Operations of the scope `operate`, as Dagster jobs: the only place that starts and stops services."""

from typing import Any, Literal

from api.auth import Caller
from api.dagster import Dagster, DagsterError
from api.edge.problems import ProblemError
from api.models import OperateAnswer
from core.logging import get_logger

Service = Literal["generator", "spark_stream"]
Verb = Literal["start", "stop", "restart"]

audit = get_logger("audit")


async def switch(dagster: Dagster, caller: Caller, verb: Verb, service: Service) -> OperateAnswer:
    """Start, stop or restart a service. Raises a 503 if Dagster does not launch the job."""
    return await _launch(dagster, caller, f"{verb}_{service}", {})


async def set_rate(dagster: Dagster, caller: Caller, rate: float) -> OperateAnswer:
    """Set the generator's rate in events per second. Raises like `switch`."""
    return await _launch(
        dagster, caller, "set_generator_rate", {"ops": {"set_rate": {"config": {"events_per_s": rate}}}}
    )


async def _launch(dagster: Dagster, caller: Caller, job: str, config: dict[str, Any]) -> OperateAnswer:
    asked = {"subject": caller.subject, "action": job, "config": config}
    try:
        run_id = await dagster.launch(job, config, asked_by=caller.subject)
    except DagsterError as error:
        audit.warning("operate.failed", **asked, error=str(error))
        detail = f"{error} Nothing was changed. `orderpulse status` shows whether Dagster runs; running services do not need it."
        headers = {"Retry-After": "10"}
        raise ProblemError(
            503, "dagster_refused", "Dagster did not launch the job", detail, headers=headers
        ) from None
    audit.info("operate", **asked, run_id=run_id)
    return OperateAnswer(run_id=run_id, url=dagster.run_url(run_id))
