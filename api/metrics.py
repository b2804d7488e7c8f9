"""Figures for Prometheus: of the API itself, and of the pipeline as the tables show it."""

import asyncio
import time
from collections.abc import Iterable, Iterator

import psycopg
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.database import Database
from api.live import Live
from api.pipeline import PipelineFigures, read_pipeline
from core.errors import DatabaseError
from core.logging import get_logger

__all__ = ["Exposition", "RequestFigures", "RequestMetrics"]

PIPELINE_AGE_S = 1.0
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
STREAM = b"text/event-stream"

log = get_logger(__name__)


class RequestFigures:
    """Counts and times of requests, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "orderpulse_api_requests",
            "Requests by route, method and status.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "orderpulse_api_request_seconds",
            "Time until an answer was sent; streams left out.",
            ["route", "method"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def count(self, scope: Scope, status: int, seconds: float | None) -> None:
        """Note a request that was served; `seconds` is None for a stream, which lasts as long as its client."""
        route, method = _route(scope), scope["method"] if scope["method"] in METHODS else "other"
        self._requests.labels(route, method, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(route, method).observe(seconds)


METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class RequestMetrics:
    """Middleware that counts and times every request."""

    def __init__(self, app: ASGIApp, figures: RequestFigures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is not HTTP goes by."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, streams = time.perf_counter(), 500, False

        async def send_counted(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                streams = any(value.startswith(STREAM) for _, value in message.get("headers", ()))
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            self._figures.count(scope, status, None if streams else time.perf_counter() - began)


def _route(scope: Scope) -> str:
    """The route's template; one name for all paths that are no route, so that labels stay few."""
    if "endpoint" not in scope:
        return "none"
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    path: str = scope["path"]
    return "/".join(names.get(part, part) for part in path.split("/"))


class _Families(Collector):
    """Figures that were read before they are asked for."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


class Exposition:
    """What `/metrics` answers. Make it in a running event loop."""

    def __init__(self, figures: RequestFigures, database: Database, live: Live) -> None:
        self._figures = figures
        self._database = database
        self._live = live
        self._reading = asyncio.Lock()
        self._pipeline: PipelineFigures | None = None
        self._read_at = float("-inf")

    async def text(self) -> bytes:
        """All figures in Prometheus's text format."""
        pipeline = await self._read_pipeline()
        gathered = CollectorRegistry()
        gathered.register(_Families([*self._of_api(pipeline), *(pipeline.families() if pipeline else ())]))
        return generate_latest(self._figures.registry) + generate_latest(gathered)

    async def _read_pipeline(self) -> PipelineFigures | None:
        """The pipeline's figures, at most a second old; None where the database is away."""
        async with self._reading:
            if time.monotonic() - self._read_at > PIPELINE_AGE_S:
                try:
                    async with self._database.connection() as connection:
                        self._pipeline = await read_pipeline(connection)
                except (DatabaseError, psycopg.Error) as error:
                    log.warning("metrics.database_away", error=str(error).strip())
                    self._pipeline = None
                self._read_at = time.monotonic()
        return self._pipeline

    def _of_api(self, pipeline: PipelineFigures | None) -> Iterator[Metric]:
        hub = self._live.hub
        yield GaugeMetricFamily("orderpulse_api_open_streams", "Live streams that are open.", hub.open)
        yield CounterMetricFamily(
            "orderpulse_api_dropped_streams",
            "Live streams that were ended because the client did not read.",
            hub.dropped,
        )
        yield GaugeMetricFamily(
            "orderpulse_api_listening",
            "Whether commits are announced (1), or the ledger is looked at instead (0).",
            float(self._live.listener.connected),
        )
        yield GaugeMetricFamily(
            "orderpulse_database_up",
            "Whether the database answered this scrape.",
            float(pipeline is not None),
        )
        pool = GaugeMetricFamily("orderpulse_api_pool", "State of the connection pool.", labels=["figure"])
        for name, value in self._database.stats().items():
            pool.add_metric([name], value)
        yield pool
