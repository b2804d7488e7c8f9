"""The caller and the platform."""

from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.auth.access import OptionalCaller
from api.context import ContextDep
from api.health.links import Links
from api.models import About
from api.models.session import CurrencyInfo
from core.currencies import decimals_of

router = APIRouter(tags=["about"])


@router.get("/about", summary="What a page needs before it shows anything")
async def get_about(context: ContextDep, caller: OptionalCaller) -> About:
    """Version, currencies, whether a token is required, and what this caller's allows. Needs no token."""
    settings, links = context.settings, Links(context.settings)
    return About(
        version=version("orderpulse"),
        environment=settings.environment.value,
        auth="off" if context.verifier is None else "required",
        scopes=sorted(caller.scopes, reverse=True),
        subject=caller.subject,
        currencies=[
            CurrencyInfo(code=code, decimals=decimals_of(code)) for code in settings.shop.currency_codes()
        ],
        freshness_limit_s=settings.checks.freshness_limit_s,
        links=[links.dagster(), links.docs()],
    )


@router.get("/openapi.json", include_in_schema=False)
async def get_openapi(request: Request) -> Response:
    """The OpenAPI document of this API. Needs no token."""
    return JSONResponse(request.app.openapi())
