"""Who asks, and what the platform is."""

from importlib.metadata import version

from fastapi import APIRouter

from api.auth.access import WhoAsks
from api.context import ContextDep
from api.health.links import Links
from api.models import About
from api.models.session import CurrencyInfo
from core.events import Currency

__all__ = ["router"]

router = APIRouter(tags=["about"])


@router.get("/about", summary="What a page needs before it shows anything")
async def get_about(context: ContextDep, caller: WhoAsks) -> About:
    """Version, currencies, whether a token is needed, and what this caller's allows. Open to everybody."""
    settings, links = context.settings, Links(context.settings)
    return About(
        version=version("orderpulse"),
        environment=settings.environment.value,
        auth="off" if context.verifier is None else "required",
        scopes=sorted(caller.scopes, reverse=True),
        subject=caller.subject,
        currencies=[CurrencyInfo(code=each.value, decimals=each.decimals) for each in Currency],
        freshness_limit_s=settings.checks.freshness_limit_s,
        links=[links.dagster(), links.docs()],
    )
