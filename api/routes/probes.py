"""Probes and metrics: alive, ready, metrics."""

import asyncio
from hmac import compare_digest

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr

from api.auth.access import Authorized, Credentials
from api.context import ContextDep
from api.edge.problems import ProblemError
from core.errors import DatabaseError

READY_TIMEOUT_S = 2.0
PLAIN = "text/plain; charset=utf-8"

router = APIRouter(tags=["probes"], default_response_class=Response)


@router.get("/livez", summary="Whether the process responds")
async def livez() -> Response:
    """Checks no other service: restart the process if this fails."""
    return Response("ok\n", media_type=PLAIN)


@router.get("/readyz", summary="Whether requests can be served")
async def readyz(context: ContextDep) -> Response:
    """Whether the database responds within two seconds; otherwise a problem with the reason."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S), context.database.connection() as connection:
            await connection.execute("SELECT 1")
    except (TimeoutError, DatabaseError, psycopg.Error) as error:
        why = str(error).strip() or f"The database did not respond within {READY_TIMEOUT_S:.0f} s."
        raise ProblemError(503, "not_ready", "Not ready", why, headers={"Retry-After": "2"}) from None
    return Response("ok\n", media_type=PLAIN)


@router.get("/metrics", summary="Metrics in Prometheus's text format")
async def metrics(request: Request, context: ContextDep, credentials: Credentials) -> Response:
    """Metrics of the API, the live stream and the pipeline. Accepts the monitor's token, or one for `read`."""
    if not _is_monitor(context.settings.api.metrics_token, credentials):
        await Authorized("read")(request, context, credentials)
    return Response(await context.exposition.text(), media_type=CONTENT_TYPE_LATEST)


def _is_monitor(token: SecretStr | None, credentials: HTTPAuthorizationCredentials | None) -> bool:
    if token is None or credentials is None:
        return False
    return compare_digest(token.get_secret_value().encode(), credentials.credentials.encode())
