"""Start, stop, set the rate: through Dagster."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Path

from api import operate
from api.auth.access import MayOperate
from api.context import ContextDep
from api.models import OperateAnswer, RateRequest, RunOutcome
from api.operate import Service, Verb
from core.sources import NAME_PATTERN

router = APIRouter(prefix="/operate", tags=["operate"])


@router.post("/generator/rate", status_code=202, summary="Set the generator's rate")
async def set_rate(context: ContextDep, caller: MayOperate, request: RateRequest) -> OperateAnswer:
    """Launches the job `set_generator_rate`; the response has the run's page. The rate changes within seconds."""
    return await operate.set_rate(context.dagster, caller, request.rate)


@router.post("/sources/{name}/map", status_code=202, summary="Map messages of a source again")
async def map_again(
    context: ContextDep,
    caller: MayOperate,
    name: Annotated[str, Path(pattern=NAME_PATTERN, description="As `/sources` lists it.")],
) -> OperateAnswer:
    """Launches the job `replay_rejected` for the messages of the source that did not map; the response has the run's page.

    Harmless to repeat. It takes about a minute; `/operate/runs/{run_id}` says what became of them.
    """
    return await operate.map_again(context.dagster, caller, name)


@router.get("/runs/{run_id}", summary="How far a run is")
async def get_run(context: ContextDep, run_id: UUID) -> RunOutcome:
    """The state of a run that was launched here and, of `replay_rejected`, its counts."""
    return await operate.outcome(context.dagster, run_id)


@router.post("/runs/{run_id}", include_in_schema=False)
async def refuse_post() -> None:
    """Without this, the path would be taken for a service and a verb."""
    raise HTTPException(405, headers={"Allow": "GET"})


@router.post("/{service}/{verb}", status_code=202, summary="Start, stop or restart a service")
async def switch(context: ContextDep, caller: MayOperate, service: Service, verb: Verb) -> OperateAnswer:
    """Launches the job `<verb>_<service>`; the response has the run's page. It takes a few seconds.

    A stopped service stays stopped until it is started again, even over a restart of the platform.
    """
    return await operate.switch(context.dagster, caller, verb, service)
