"""The application: resources, routes, in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from api.context import Context
from api.database import Database
from api.problems import handle_problems
from api.request_log import RequestLog
from api.routes import about, events, health, kpi, operate, probes, rejected, stream
from core.settings import Settings

__all__ = ["API_PREFIX", "create_app"]

API_PREFIX = "/api/v1"


def create_app(settings: Settings) -> FastAPI:
    """The API over `settings`; connections are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings)
        await database.open()
        app.state.context = Context(settings, database)
        yield
        await database.close()

    app = FastAPI(title="orderpulse", version=version("orderpulse"), lifespan=lifespan, redoc_url=None)
    for module in (about, kpi, events, rejected, health, stream, operate):
        app.include_router(module.router, prefix=API_PREFIX)
    app.include_router(probes.router)
    handle_problems(app)
    app.add_middleware(RequestLog)  # the last that is added is the outermost
    return app
