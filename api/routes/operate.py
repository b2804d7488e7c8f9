"""Start, stop, set the rate: through Dagster."""

from fastapi import APIRouter

from api import operate
from api.auth.access import MayOperate
from api.context import ContextDep
from api.models import OperateAnswer, RateRequest
from api.operate import Service, Verb

router = APIRouter(prefix="/operate", tags=["operate"])


@router.post("/generator/rate", status_code=202, summary="Set the generator's rate")
async def set_rate(context: ContextDep, caller: MayOperate, request: RateRequest) -> OperateAnswer:
    """Launches the job `set_generator_rate`; the response has the run's page. The rate changes within seconds."""
    return await operate.set_rate(context.dagster, caller, request.rate)


@router.post("/{service}/{verb}", status_code=202, summary="Start, stop or restart a service")
async def switch(context: ContextDep, caller: MayOperate, service: Service, verb: Verb) -> OperateAnswer:
    """Launches the job `<verb>_<service>`; the response has the run's page. It takes a few seconds.

    A stopped service stays stopped until it is started again, even over a restart of the platform.
    """
    return await operate.switch(context.dagster, caller, verb, service)
