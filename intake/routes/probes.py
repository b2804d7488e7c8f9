"""For machines: whether it is well, and its figures."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from core import kafka
from intake.context import ContextDep
from intake.problems import UnavailableError

router = APIRouter(tags=["probes"], default_response_class=Response)


@router.get("/healthz", summary="Whether requests can be acknowledged")
async def healthz(context: ContextDep) -> Response:
    """Whether a broker takes connections and acknowledges records; a 503 with the reason if not."""
    if context.outlet.stalled or not await asyncio.to_thread(kafka.answers, context.settings.kafka):
        raise UnavailableError("Kafka does not answer at present.")
    return Response("ok\n", media_type="text/plain; charset=utf-8")


@router.get("/metrics", summary="Figures in Prometheus's text format")
async def metrics(context: ContextDep) -> Response:
    """Requests, refusals and records by source. They hold names of sources and counts, and no data."""
    context.figures.waiting.set(context.outlet.waiting)
    return Response(context.figures.text(), media_type=CONTENT_TYPE_LATEST)
