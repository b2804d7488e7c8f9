"""The application: resources, routes, in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from api.auth import make_verifier
from api.auth.access import Authorized
from api.context import Context
from api.dagster import Dagster
from api.database import Database
from api.edge.conditional import Tagged
from api.edge.frontend import Frontend
from api.edge.problems import handle_problems
from api.edge.request_log import RequestLog
from api.edge.security import Security, allowed_origins
from api.edge.shared import Shared
from api.export.xlsx_file import XLSX
from api.health import Source, read_summary
from api.intake import Intake
from api.live import Live
from api.metrics import Exposition, RequestFigures, RequestMetrics
from api.openapi import describe, operation_name
from api.parameters import refuse_unknown
from api.routes import about, events, health, kpi, operate, probes, rejected, sources, stream
from api.semantics import Semantics
from core.clock import utc_now
from core.settings import Settings

API_PREFIX = "/api/v1"
UNPACKED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "text/csv", XLSX)
"""CSV is streamed and must not wait for compression; XLSX is already compressed."""


def create_app(settings: Settings) -> FastAPI:
    """The application; connections are opened at its start and closed at its stop.

    Raises `SettingsError` if the settings would leave it open.
    """
    verifier, figures = make_verifier(settings), RequestFigures()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings)
        await database.open()
        dagster, intake = Dagster(settings), Intake(settings)
        source = Source(settings, database, utc_now(), dagster)
        live = Live(settings, partial(read_summary, source))
        exposition = Exposition(settings, figures, database, live, dagster)
        answers = Shared[Tagged](settings.api.share_ms / 1000)
        app.state.context = Context(
            settings, database, verifier, dagster, intake, source, live, exposition, answers
        )
        await live.start()
        yield
        await live.stop()
        await intake.close()
        await dagster.close()
        await database.close()

    app = FastAPI(
        title="orderpulse",
        version=version("orderpulse"),
        lifespan=lifespan,
        openapi_url=None,  # a route in `about`, to which the rules of all routes apply
        docs_url=None,  # its page would load scripts from other hosts
        redoc_url=None,
        generate_unique_id_function=operation_name,
    )
    exact, read = Depends(refuse_unknown), Depends(Authorized("read"))
    for module in (kpi, events, rejected, health, sources):
        app.include_router(module.router, prefix=API_PREFIX, dependencies=[read, exact])
    app.include_router(about.router, prefix=API_PREFIX, dependencies=[exact])  # needs no token
    app.include_router(stream.router, prefix=API_PREFIX, dependencies=[read, exact])
    app.include_router(
        operate.router, prefix=API_PREFIX, dependencies=[Depends(Authorized("operate")), exact]
    )
    app.include_router(probes.router, dependencies=[exact])
    figures.name_routes(app.routes)
    app.router.default = Frontend(settings.root / "frontend" / "dist")
    handle_problems(app)
    describe(app)
    _add_layers(app, settings, figures)
    return app


def _add_layers(app: FastAPI, settings: Settings, figures: RequestFigures) -> None:
    """Add the middleware; the last one added is the outermost."""
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=1, exclude_content_types=UNPACKED)
    if origins := allowed_origins(settings):
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "Last-Event-ID"],
            expose_headers=["ETag", "Retry-After", "WWW-Authenticate", "X-Request-ID"],
        )
    app.add_middleware(Security, settings=settings)
    app.add_middleware(RequestMetrics, figures=figures)
    app.add_middleware(Semantics)
    app.add_middleware(RequestLog)
