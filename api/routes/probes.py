"""For machines: alive, ready, metrics."""

import asyncio
import ipaddress

import psycopg
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.auth.access import Authorized, Credentials
from api.context import ContextDep
from api.problems import ProblemError
from core.errors import DatabaseError

__all__ = ["router"]

READY_TIMEOUT_S = 2.0
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
PLAIN = "text/plain; charset=utf-8"

router = APIRouter(tags=["probes"], default_response_class=Response)


@router.get("/livez", summary="Whether the process answers")
async def livez() -> Response:
    """Nothing is asked of anybody else: restart the process where this fails."""
    return Response("ok\n", media_type=PLAIN)


@router.get("/readyz", summary="Whether requests can be served")
async def readyz(context: ContextDep) -> Response:
    """Whether the database answers within two seconds; a problem with the reason where it does not."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S), context.database.connection() as connection:
            await connection.execute("SELECT 1")
    except (TimeoutError, DatabaseError, psycopg.Error) as error:
        why = str(error).strip() or f"The database did not answer within {READY_TIMEOUT_S:.0f} s."
        raise ProblemError(503, "Not ready", why, headers={"Retry-After": "2"}) from None
    return Response("ok\n", media_type=PLAIN)


@router.get("/metrics", summary="Figures in Prometheus's text format")
async def metrics(request: Request, context: ContextDep, credentials: Credentials) -> Response:
    """Of the API, the live stream and the pipeline. From this machine itself, or with a token for `read`."""
    if not _is_near(request):
        await Authorized("read")(request, context, credentials)
    return Response(await context.exposition.text(), media_type=CONTENT_TYPE_LATEST)


def _is_near(request: Request) -> bool:
    """Whether the request was made on this machine, and not passed on by a proxy on it."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
