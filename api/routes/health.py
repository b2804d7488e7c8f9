"""How the platform is."""

from fastapi import APIRouter

from api.context import ContextDep
from api.health import read_health
from api.models import Health

__all__ = ["router"]

router = APIRouter(tags=["health"])


@router.get("/health", summary="How each part of the platform is, and what to do")
async def get_health(context: ContextDep) -> Health:
    """State, one sentence and advice for each component; the last hour's batches, rejects, checks, incidents.

    Answers 200 also where something is wrong, the database included: that is what it says then.
    """
    return await read_health(context.health)
