"""The platform's health."""

from fastapi import APIRouter

from api.context import ContextDep
from api.health import read_health
from api.models import Health

router = APIRouter(tags=["health"])


@router.get("/health", summary="State of each component of the platform, and what to do")
async def get_health(context: ContextDep) -> Health:
    """State, one sentence and advice for each component; the last hour's batches, rejects, checks, incidents.

    Returns 200 even if a component, including the database, has failed, and reports that.
    """
    return await read_health(context.health)
