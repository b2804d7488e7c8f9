"""Metrics for Prometheus: of the API itself, and of the pipeline from its tables."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence

import psycopg
from fastapi.routing import iter_route_contexts
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dagster import Dagster
from api.dagster_figures import DagsterFiguresReader
from api.database import Database
from api.edge.shared import Shared
from api.host_figures import disk_families, limit_families
from api.live import Live
from api.pipeline import PipelineFigures, read_pipeline
from core.errors import DatabaseError
from core.logging import get_logger
from core.settings import Settings

PIPELINE_AGE_S = 1.0
"""Scrapes within this time get the same figures."""

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
STREAM = b"text/event-stream"

log = get_logger(__name__)


class RequestFigures:
    """Counts and times of requests, in a separate registry.

    A route's name is its template; all paths that match no route are `none`, and HEAD counts as GET. So there are
    few labels, whatever is requested.
    """

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
            "Time until a response was sent, without streams.",
            ["route", "method"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )

        self._templates: dict[object, str] = {}

    def name_routes(self, routes: Sequence[BaseRoute]) -> None:
        """Set the templates of `routes`, by which requests are counted."""
        contexts = iter_route_contexts(routes)
        self._templates |= {each.endpoint: each.path_format for each in contexts if each.path_format}

    def count(self, scope: Scope, status: int, seconds: float | None) -> None:
        """Count a served request; `seconds` is None for a stream, which lasts as long as its client."""
        route = self._templates.get(scope.get("endpoint"), "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._requests.labels(route, method, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(route, method).observe(seconds)


METHODS = frozenset({"GET", "POST", "OPTIONS"})


class RequestMetrics:
    """Middleware that counts and times every request."""

    def __init__(self, app: ASGIApp, figures: RequestFigures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; passes on everything but HTTP."""
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


class Gathered(Collector):
    """Metrics that were read before the scrape."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        """The figures."""
        yield from self._families


class Exposition:
    """The response of `/metrics`. Create it in a running event loop."""

    def __init__(
        self, settings: Settings, figures: RequestFigures, database: Database, live: Live, dagster: Dagster
    ) -> None:
        self._settings = settings
        self._figures = figures
        self._database = database
        self._live = live
        self._dagster = DagsterFiguresReader(dagster)
        self._pipeline = Shared[PipelineFigures | None](PIPELINE_AGE_S)

    async def text(self) -> bytes:
        """All figures in Prometheus's text format."""
        pipeline, dagster = await asyncio.gather(
            self._pipeline.get("pipeline", self._read_pipeline), self._dagster.read()
        )
        families = [
            *self._of_api(pipeline),
            *(pipeline.families() if pipeline else ()),
            *dagster.families(),
            *disk_families(self._settings.checkpoint_dir),
            *limit_families(self._settings.checks, self._settings.dagster.hang_s),
        ]
        gathered = CollectorRegistry()
        gathered.register(Gathered(families))
        return generate_latest(self._figures.registry) + generate_latest(gathered)

    async def _read_pipeline(self) -> PipelineFigures | None:
        """The pipeline's figures; None where the database is away."""
        try:
            async with self._database.connection() as connection:
                return await read_pipeline(connection)
        except (DatabaseError, psycopg.Error) as error:
            log.warning("metrics.database_away", error=str(error).strip())
            return None

    def _of_api(self, pipeline: PipelineFigures | None) -> Iterator[Metric]:
        hub = self._live.hub
        yield GaugeMetricFamily("orderpulse_api_open_streams", "Open live streams.", hub.open)
        yield CounterMetricFamily(
            "orderpulse_api_dropped_streams",
            "Live streams that were ended because the client did not read.",
            hub.dropped,
        )
        yield GaugeMetricFamily(
            "orderpulse_api_listening",
            "Whether commits are announced (1), or the ledger is polled instead (0).",
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
