"""What a holder of `operate` may ask, as jobs of Dagster: the one place that starts and stops things."""

from typing import Any, Literal

from api.auth import Caller
from api.dagster import Dagster, DagsterError
from api.models import OperateAnswer
from api.problems import ProblemError
from core.logging import get_logger

__all__ = ["Service", "Verb", "set_rate", "switch"]

Service = Literal["generator", "spark_stream"]
Verb = Literal["start", "stop", "restart"]

audit = get_logger("audit")


async def switch(dagster: Dagster, caller: Caller, verb: Verb, service: Service) -> OperateAnswer:
    """Have a service started, stopped or restarted. Raises a 503 where Dagster does not do it."""
    return await _launch(dagster, caller, f"{verb}_{service}", {})


async def set_rate(dagster: Dagster, caller: Caller, rate: float) -> OperateAnswer:
    """Have the generator send `rate` events per second. Raises as `switch`."""
    return await _launch(
        dagster, caller, "set_generator_rate", {"ops": {"set_rate": {"config": {"events_per_s": rate}}}}
    )


async def _launch(dagster: Dagster, caller: Caller, job: str, config: dict[str, Any]) -> OperateAnswer:
    asked = {"subject": caller.subject, "action": job, "config": config}
    try:
        run_id = await dagster.launch(job, config, asked_by=caller.subject)
    except DagsterError as error:
        audit.warning("operate.failed", **asked, error=str(error))
        detail = f"{error} Nothing was changed. `orderpulse status` shows whether Dagster runs; what runs goes on without it."
        headers = {"Retry-After": "10"}
        raise ProblemError(503, "Dagster did not take the order", detail, headers=headers) from None
    audit.info("operate", **asked, run_id=run_id)
    return OperateAnswer(run_id=run_id, url=dagster.run_url(run_id))
